using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;

namespace ImplicitNet.Cli.Options;

/// <summary>The networks of the paper by name, each with the data that its weights were trained on.</summary>
internal static class PublishedNetworkChoice
{
    // The published code normalises CIFAR-10 by the figures of ImageNet.
    private static readonly PixelNormalization ImageNet = new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

    private static readonly Dictionary<string, Func<int, (ScaledClassifierOptions, string, PixelNormalization)>> Networks = new()
    {
        ["mnist-fpn"] = layers => (new MnistFpnOptions { LatentLayers = layers }, DataChoice.Mnist, PixelNormalization.Mnist),
        ["svhn-fpn"] = layers => (new SvhnFpnOptions { LatentLayers = layers }, DataChoice.Svhn, PixelNormalization.Svhn),
        ["cifar10-fpn-small"] = layers => (new SvhnFpnOptions { LatentLayers = layers }, DataChoice.Cifar10, ImageNet),
        ["cifar10-fpn"] = layers => (new CifarFpnOptions { LatentLayers = layers }, DataChoice.Cifar10, ImageNet),
    };

    public static IReadOnlyList<string> Names { get; } = [.. Networks.Keys];

    /// <summary>What a network is.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="layers">Latent layers.</param>
    /// <param name="gamma">In (0, 1).</param>
    /// <param name="isExplicit">Whether R is applied once.</param>
    public static ModelConfig Describe(string name, int layers, double gamma, bool isExplicit)
    {
        (ScaledClassifierOptions network, string data, PixelNormalization pixels) = Networks[name](layers);
        return new ModelConfig
        {
            Network = network with { Gamma = gamma, Explicit = isExplicit },
            Data = data,
            PixelMean = pixels.Mean,
            PixelDeviation = pixels.Deviation,
        };
    }
}
