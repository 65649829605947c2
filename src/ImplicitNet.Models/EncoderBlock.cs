using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// A residual block that keeps image and channels (He et al., 2016): <c>LeakyReLU(x + norm(c2(LeakyReLU(norm(c1(x))))))</c>.
/// The second norm has no weights, as those of the latent layers of the published networks.
/// </summary>
internal sealed class EncoderBlock : nn.Module<Tensor, Tensor>, IModuleSequence
{
    [ComponentName(Name = "convolution1")]
    private readonly Conv2d _convolution1;

    [ComponentName(Name = "normalization1")]
    private readonly BatchNormalization _normalization1;

    [ComponentName(Name = "convolution2")]
    private readonly Conv2d _convolution2;

    [ComponentName(Name = "normalization2")]
    private readonly BatchNormalization _normalization2;
    private readonly double _slope;

    public EncoderBlock(long channels, double slope)
        : base(nameof(EncoderBlock))
    {
        _convolution1 = nn.Conv2d(channels, channels, 3, padding: 1, bias: false);
        _normalization1 = new BatchNormalization(channels);
        _convolution2 = nn.Conv2d(channels, channels, 3, padding: 1, bias: false);
        _normalization2 = new BatchNormalization(channels, isAffine: false);
        _slope = slope;
        RegisterComponents();
    }

    /// <inheritdoc/>
    IReadOnlyList<(string Name, nn.Module Module)> IModuleSequence.Parts => [.. named_children()];

    /// <inheritdoc/>
    bool IModuleSequence.PassesInput => true;

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor branch = nn.functional.leaky_relu(NormalizedConvolution.Call(_convolution1, _normalization1, input), _slope, inplace: true);
        Tensor sum = NormalizedConvolution.Call(_convolution2, _normalization2, branch).add_(input);
        return nn.functional.leaky_relu(sum, _slope, inplace: true).MoveToOuterDisposeScope();
    }
}
