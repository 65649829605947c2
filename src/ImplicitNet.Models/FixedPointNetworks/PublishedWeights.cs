using ImplicitNet.Files;
using ImplicitNet.Files.PyTorch;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// Reads and writes the weight files of the code that Wu Fung et al. (AAAI 2022) published with their paper: PyTorch's format, with the
/// names of that code.
/// </summary>
public static class PublishedWeights
{
    // As many as the options of a network take.
    private const int MostLayers = 256;

    /// <summary>Builds a network with the weights of a file, in evaluation mode.</summary>
    /// <param name="path">
    /// A file of torch.save: a state dictionary, or a dictionary that has one among its entries. A prefix common to all names, such as
    /// <c>module.</c> from nn.DataParallel or <c>_orig_mod.</c> from torch.compile, is dropped; batch counters, which batch norms of
    /// PyTorch before 0.4.1 do not have, are then 0.
    /// </param>
    /// <param name="describe">
    /// Takes the number of latent layers that the file has weights for, and returns the description of the network. The file says nothing
    /// about gamma, nor whether the network was trained as an implicit one.
    /// </param>
    /// <param name="place">
    /// Where in the file the state dictionary is; see <see cref="PyTorchFile.StateDictionary"/>. Default: the one that has weights of such
    /// a network.
    /// </param>
    /// <returns>The network and its configuration. The caller owns the network.</returns>
    /// <exception cref="WeightsFileException">
    /// The file is damaged, holds several state dictionaries, or tensors are missing, unknown, of a different shape or not finite; the
    /// message names them.
    /// </exception>
    public static (ImplicitNetwork Network, ModelConfig Config) Read(string path, Func<int, ModelConfig> describe, string? place = null)
    {
        ArgumentNullException.ThrowIfNull(describe);
        using PyTorchFile file = PyTorchFile.Read(path);
        PublishedState state = PublishedState.Of(file, path, place);
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyDictionary<string, Tensor> weights = state.Tensors;
        int layers = PublishedNames.LatentLayers(weights.Keys);
        if (layers > MostLayers)
        {
            throw new WeightsFileException(path, $"there are tensors of {layers} latent layers; at most {MostLayers} are read.");
        }

        ModelConfig config = describe(layers);
        ImplicitNetwork network = (ImplicitNetwork)NetworkWeights.Build(config, weights, path, $"the network {config.Architecture}");
        try
        {
            Dictionary<string, Tensor> targets = PublishedNames.Of(network);
            NamedTensors.Fill(targets, state.WithCounters(targets), path, $"the network {config.Architecture}", state.PassedOver);
            file.EnsureFinite(path, state.Place);
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
    /// <param name="network">The network; the caller keeps it.</param>
    /// <exception cref="IOException">The file could not be written; an old one stays as it was.</exception>
    public static void Write(string path, ImplicitNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        PyTorchFile.Write(path, PublishedNames.Of(network));
    }
}
