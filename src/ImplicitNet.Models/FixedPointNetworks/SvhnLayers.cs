using ImplicitNet.Operators;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>The parts that the SVHN network as published and the one with a contraction share.</summary>
internal static class SvhnLayers
{
    private const int ReadoutChannels = 16;

    /// <summary>The least side of an image: it leaves a latent of 3, the kernel of the readout.</summary>
    public const int LeastSide = 9;

    /// <summary>Channels of the latent.</summary>
    public const int Channels = 64;

    /// <summary>A side of the latent: two blocks halve it, rounded up.</summary>
    public static int LatentSide(int side) => (((side + 1) / 2) + 1) / 2;

    /// <summary>A convolution and three residual blocks of 16, 32 and 64 channels, with their published names.</summary>
    public static IReadOnlyList<(string Name, nn.Module<Tensor, Tensor> Module)> Encoder(long imageChannels) =>
    [
        ("conv1", nn.Conv2d(imageChannels, 16, 3, padding: 1, bias: false)),
        ("bn1", new BatchNormalization(16)),
        ("activation", nn.LeakyReLU(ConvolutionPair.Slope, inplace: true)),
        ("layer1", nn.Sequential(("0", (nn.Module<Tensor, Tensor>)new ResidualBlock(16, 16, stride: 1)))),
        ("layer2", nn.Sequential(("0", (nn.Module<Tensor, Tensor>)new ResidualBlock(16, 32, stride: 2)))),
        ("layer3", nn.Sequential(("0", (nn.Module<Tensor, Tensor>)new ResidualBlock(32, Channels, stride: 2)))),
    ];

    /// <summary>A convolution and a linear layer, with their published names; that of the MNIST network too.</summary>
    public static nn.Module<Tensor, Tensor> Readout((int Channels, int Height, int Width) latent, int classes) => nn.Sequential(
        ("conv_y", nn.Conv2d(latent.Channels, ReadoutChannels, 3)),
        ("activation", nn.LeakyReLU(ConvolutionPair.Slope, inplace: true)),
        ("dropout", new SampleDropout(0.2, dropsChannels: true)),
        ("flatten", nn.Flatten()),
        ("fc_y", nn.Linear((long)ReadoutChannels * (latent.Height - 2) * (latent.Width - 2), classes, hasBias: false)));

    /// <summary>The numbers of the last layer of <see cref="Readout"/>.</summary>
    public static long LeastReadoutNumbers((int Channels, int Height, int Width) latent, int classes) =>
        (long)ReadoutChannels * (latent.Height - 2) * (latent.Width - 2) * classes;
}
