using ImplicitNet.Networks;
using ImplicitNet.Training.Weights;
using ImplicitNet.Training.Weights.PyTorch;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// The weight files of the code that Wu Fung et al. (AAAI 2022) published with their paper: PyTorch's format, with the
/// names of that code.
/// </summary>
public static class PublishedWeights
{
    // As many as the options of a network take.
    private const int MostLayers = 1000;

    /// <summary>Builds a network with the weights of a file, in evaluation mode.</summary>
    /// <param name="path">A file of torch.save: a state dictionary, or a dictionary that has one among its entries.</param>
    /// <param name="describe">
    /// Takes the number of latent layers that the file has weights for, and returns what the network is. The file says
    /// nothing of gamma, nor whether the network was trained as an implicit one.
    /// </param>
    /// <param name="place">Where in the file the state dictionary is; see <see cref="PyTorchFile.StateDictionary"/>. Default: the one that there is.</param>
    /// <returns>The network and its configuration. The caller owns the network.</returns>
    /// <exception cref="WeightsFileException">
    /// The file is damaged, holds several state dictionaries, or tensors are missing, unknown, of another shape or not
    /// finite; the message names them.
    /// </exception>
    public static (ImplicitNetwork Network, ModelConfig Config) Read(string path, Func<int, ModelConfig> describe, string? place = null)
    {
        ArgumentNullException.ThrowIfNull(describe);
        using PyTorchFile file = PyTorchFile.Read(path);
        IReadOnlyDictionary<string, Tensor> weights = file.StateDictionary(path, place);
        int layers = PublishedNames.LatentLayers(weights.Keys);
        if (layers == 0)
        {
            throw new WeightsFileException(path, "no tensor is called latent_convs.0...: these are not the weights of a network of the paper.");
        }

        if (layers > MostLayers)
        {
            throw new WeightsFileException(path, $"there are tensors of {layers} latent layers; at most {MostLayers} are read.");
        }

        ModelConfig config = describe(layers);
        ImplicitNetwork network = NetworkWeights.Build(config, weights, path, $"the network {config.Architecture}");
        try
        {
            NetworkWeights.Fill(PublishedNames.Of(network), weights, path, $"the network {config.Architecture}");
            file.EnsureFinite(path, place);
            network.eval();
            return (network, config);
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes a network's state dictionary for PyTorch, whole or not at all: a published network's with the names of the
    /// published code, another's with the names of <c>model.safetensors</c>.
    /// </summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="network">Stays the caller's.</param>
    /// <exception cref="IOException">The file could not be written; an old one stays as it was.</exception>
    public static void Write(string path, ImplicitNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        PyTorchFile.Write(path, PublishedNames.Of(network));
    }
}
