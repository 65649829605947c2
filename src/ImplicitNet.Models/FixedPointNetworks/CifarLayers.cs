using ImplicitNet.Operators;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>The parts that the CIFAR-10 network as published and the one with a contraction share.</summary>
internal static class CifarLayers
{
    /// <summary>Channels of the latent, and of all else.</summary>
    public const int Channels = 35;

    /// <summary>A side of the latent: the padded image, halved twice.</summary>
    public static int LatentSide(int side) => (side + (2 * CifarEncoder.Padding)) / 4;

    /// <summary>A convolution of stride 2 and a linear layer, with their published names.</summary>
    public static nn.Module<Tensor, Tensor> Readout((int Channels, int Height, int Width) latent, int classes) => nn.Sequential(
        ("conv_y", nn.Conv2d(latent.Channels, latent.Channels, 3, stride: 2, padding: 1)),
        ("activation", nn.LeakyReLU(ConvolutionPair.Slope, inplace: true)),
        ("dropout", new SampleDropout(0.1)),
        ("flatten", nn.Flatten()),
        ("label_fc", nn.Linear((long)latent.Channels * ((latent.Height + 1) / 2) * ((latent.Width + 1) / 2), classes, hasBias: false)));

    /// <summary>The numbers of the last layer of <see cref="Readout"/>.</summary>
    public static long LeastReadoutNumbers((int Channels, int Height, int Width) latent, int classes) =>
        (long)latent.Channels * ((latent.Height + 1) / 2) * ((latent.Width + 1) / 2) * classes;
}
