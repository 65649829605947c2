using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;

namespace ImplicitNet.Cli.Options;

/// <summary>The networks of the paper by name, each with the data that its weights were trained on.</summary>
internal static class PublishedNetworkChoice
{
    // Mean and deviation of the pixels as in the published code; its figures for CIFAR-10 are those of ImageNet.
    private static readonly double[] CifarMean = [0.485, 0.456, 0.406];
    private static readonly double[] CifarDeviation = [0.229, 0.224, 0.225];

    private static readonly Dictionary<string, Func<int, ModelConfig>> Networks = new()
    {
        ["mnist-fpn"] = layers => new ModelConfig
        {
            Network = new MnistFpnOptions { LatentLayers = layers },
            Data = "mnist",
            PixelMean = [0.1307],
            PixelDeviation = [0.3081],
        },
        ["svhn-fpn"] = layers => new ModelConfig
        {
            Network = new SvhnFpnOptions { LatentLayers = layers },
            Data = "svhn",
            PixelMean = [0.4377, 0.4438, 0.4728],
            PixelDeviation = [0.1980, 0.2010, 0.1970],
        },
        ["cifar10-fpn-small"] = layers => new ModelConfig
        {
            Network = new SvhnFpnOptions { LatentLayers = layers },
            Data = "cifar10",
            PixelMean = CifarMean,
            PixelDeviation = CifarDeviation,
        },
        ["cifar10-fpn"] = layers => new ModelConfig
        {
            Network = new CifarFpnOptions { LatentLayers = layers },
            Data = "cifar10",
            PixelMean = CifarMean,
            PixelDeviation = CifarDeviation,
        },
    };

    public static IReadOnlyList<string> Names { get; } = [.. Networks.Keys];

    /// <summary>What a network is.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="layers">Latent layers.</param>
    /// <param name="gamma">In (0, 1).</param>
    /// <param name="isExplicit">Whether R is applied once.</param>
    public static ModelConfig Describe(string name, int layers, double gamma, bool isExplicit)
    {
        ModelConfig config = Networks[name](layers);
        return config with { Network = config.Network with { Gamma = gamma, Explicit = isExplicit } };
    }
}
