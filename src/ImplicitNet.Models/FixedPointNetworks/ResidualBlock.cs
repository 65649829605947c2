using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// The basic block of residual networks (He et al., 2016) with a shortcut without weights: every second pixel, and zeros
/// for the channels that are new. Dropout of 0.1 after the first activation and after the second norm.
/// </summary>
internal sealed class ResidualBlock : nn.Module<Tensor, Tensor>, IModuleSequence
{
    private const double Dropout = 0.1;

    [ComponentName(Name = "conv_d1")]
    private readonly Conv2d _convolution1;

    [ComponentName(Name = "bn1")]
    private readonly BatchNormalization _norm1;

    [ComponentName(Name = "conv_d2")]
    private readonly Conv2d _convolution2;

    [ComponentName(Name = "bn2")]
    private readonly BatchNormalization _norm2;
    private readonly long _stride;
    private readonly long _newChannels;

    /// <summary>Creates the block; with a stride of 2 it halves the image, odd sides rounded up.</summary>
    public ResidualBlock(long inputs, long outputs, long stride)
        : base(nameof(ResidualBlock))
    {
        _convolution1 = nn.Conv2d(inputs, outputs, 3, stride: stride, padding: 1, bias: false);
        _norm1 = new BatchNormalization(outputs);
        _convolution2 = nn.Conv2d(outputs, outputs, 3, padding: 1, bias: false);
        _norm2 = new BatchNormalization(outputs);
        _stride = stride;
        _newChannels = outputs - inputs;
        RegisterComponents();
    }

    /// <inheritdoc/>
    IReadOnlyList<(string Name, nn.Module Module)> IModuleSequence.Parts => [.. named_children()];

    /// <summary>The shortcut leaves pixels out, and lengthens nothing.</summary>
    bool IModuleSequence.PassesInput => true;

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = nn.functional.leaky_relu(NormalizedConvolution.Call(_convolution1, _norm1, input), ConvolutionPair.Slope, inplace: true);
        x = Drop(NormalizedConvolution.Call(_convolution2, _norm2, Drop(x)));
        x = x.add_(Shortcut(input));
        return nn.functional.leaky_relu(x, ConvolutionPair.Slope, inplace: true).MoveToOuterDisposeScope();
    }

    private Tensor Drop(Tensor x) => training ? SampleDropout.Apply(x, Dropout, dropsChannels: true) : x;

    private Tensor Shortcut(Tensor input)
    {
        if (_newChannels == 0)
        {
            return input;
        }

        long half = _newChannels / 2;
        Tensor pixels = input.slice(2, 0, input.shape[2], _stride).slice(3, 0, input.shape[3], _stride);
        return nn.functional.pad(pixels, [0, 0, 0, 0, half, _newChannels - half]);
    }
}
