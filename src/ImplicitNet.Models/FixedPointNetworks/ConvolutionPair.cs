using ImplicitNet.Operators;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// <c>c3(dropout(LeakyReLU(c0(x))))</c>: two 3 x 3 convolutions that keep image and channels, the branch of every residual
/// block here. The names 0 and 3 are those of the published weights.
/// </summary>
internal sealed class ConvolutionPair : nn.Module<Tensor, Tensor>
{
    /// <summary>Slope of every LeakyReLU of the published networks.</summary>
    public const double Slope = 0.1;

    [ComponentName(Name = "0")]
    private readonly Conv2d _first;

    [ComponentName(Name = "3")]
    private readonly Conv2d _second;
    private readonly double _dropout;

    /// <summary>Creates the pair; a dropout of 0 costs nothing.</summary>
    public ConvolutionPair(long channels, double dropout = 0)
        : base(nameof(ConvolutionPair))
    {
        _first = nn.Conv2d(channels, channels, 3, padding: 1);
        _second = nn.Conv2d(channels, channels, 3, padding: 1);
        _dropout = dropout;
        RegisterComponents();
    }

    /// <summary>c0.</summary>
    public Conv2d First => _first;

    /// <summary>c3.</summary>
    public Conv2d Second => _second;

    public override Tensor forward(Tensor input)
    {
        using TorchSharp.DisposeScope scope = NewDisposeScope();
        Tensor branch = KernelConvolution.TryApply(_first, input, Slope)
            ?? nn.functional.leaky_relu(_first.call(input), Slope, inplace: true);
        if (_dropout > 0 && training)
        {
            branch = SampleDropout.Apply(branch, _dropout, dropsChannels: true);
        }

        Tensor output = KernelConvolution.TryApply(_second, branch) ?? _second.call(branch);
        return output.MoveToOuterDisposeScope();
    }
}
