using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary><c>x -> x + bias</c>, a number for each channel: no two inputs get further apart.</summary>
internal sealed class BoundedShift : BoundedModule
{
    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;
    private readonly bool _ofImages;

    /// <summary>Creates the shift.</summary>
    /// <param name="bias">[channels]; copied.</param>
    /// <param name="ofImages">Whether inputs are [batch, channels, height, width]; else channels come last.</param>
    public BoundedShift(Tensor bias, bool ofImages)
        : base(nameof(BoundedShift))
    {
        using Tensor copy = bias.detach().clone();
        _bias = new Parameter(copy);
        _bias.DetachFromDisposeScope();
        _ofImages = ofImages;
        RegisterComponents();
    }

    public override long Inputs => _bias.shape[0];

    public override long Outputs => _bias.shape[0];

    public override ResidualNorm Norm => ResidualNorm.L2;

    internal override Tensor Reference => _bias;

    public override Tensor forward(Tensor input) => Forward(input);

    internal override double CertifyNorm(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        return _bias.isfinite().all().ToBoolean() ? Passed(factor).to(ScalarType.Float64).ToDouble() : double.NaN;
    }

    internal override IReadOnlyList<Tensor> Prepare(double factor) => [Passed(factor), _ofImages ? _bias.view(1, -1, 1, 1) : _bias.alias()];

    internal override Tensor Propagate(Tensor input, IReadOnlyList<Tensor> prepared, ref int next)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor passed, Tensor bias) = (prepared[next], prepared[next + 1]);
        next += 2;
        return ((input + bias) * passed).MoveToOuterDisposeScope();
    }

    internal override string? Wanted(long[] input) =>
        (_ofImages ? input.Length == 4 && input[1] == Inputs : input.Length >= 2 && input[^1] == Inputs)
            ? null
            : _ofImages ? $"[batch, {Inputs}, height, width]" : $"[batch, ..., {Inputs}]";

    internal override long[] ShapeOf(long[] input) => input;

    /// <summary>The factor, rounded down to the dtype: [].</summary>
    private Tensor Passed(double factor) =>
        full([], factor / (1 + (2 * Precision.Of(_bias.dtype).Roundoff)), _bias.dtype, _bias.device);
}
