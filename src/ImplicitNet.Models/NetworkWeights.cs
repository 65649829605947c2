using ImplicitNet.Files;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>Builds the network of a file, unless the file cannot be its.</summary>
internal static class NetworkWeights
{
    // A network of about the file's size is built, since its names tell best what is wrong; one that is far larger is none of this file.
    private const int MostForEach = 8;
    private const int FreeNumbers = 1 << 20;

    /// <summary>Builds the network of a configuration, unless its sizes ask for very many more numbers than the file has.</summary>
    /// <param name="config">What the network is.</param>
    /// <param name="weights">The file's tensors.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="asker">What says which sizes there must be, for messages.</param>
    /// <returns>The network, with weights drawn from torch's random state. The caller owns it.</returns>
    /// <exception cref="WeightsFileException">The file has far too few numbers.</exception>
    public static nn.Module<Tensor, Tensor> Build(
        NetworkConfig config, IReadOnlyDictionary<string, Tensor> weights, string path, string asker)
    {
        Int128 held = 0;
        foreach (Tensor tensor in weights.Values)
        {
            held += tensor.numel();
        }

        return config.Options.LeastNumbers <= FreeNumbers + (MostForEach * held) ? config.CreateNetwork() : throw new WeightsFileException(
            path, $"the tensors are not those that {asker} asks for: "
            + $"they are {held} numbers, and its sizes need {config.Options.LeastNumbers} at least.");
    }
}
