using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary><c>x -> x (A - A^T)^T / b</c>: a skew-symmetric layer of norm at most 1.</summary>
internal sealed class BoundedSkew : BoundedLayer
{
    private readonly Parameter _weight;

    public BoundedSkew(long size, ScalarType dtype = ScalarType.Float32)
        : base(nameof(BoundedSkew))
    {
        _weight = new Parameter(randn([size, size], dtype) / Math.Sqrt(size));
        RegisterComponents();
    }

    public override Parameter Weight => _weight;

    protected override double ErrorSpread => 2;

    protected override Tensor Compute(Tensor input, Tensor weight) => nn.functional.linear(input, Skew(weight));

    // ||W||^2 = ||W^T W|| <= ||W||_1 ||W||_inf, and for a skew matrix both are the largest sum of a row.
    protected override Tensor UpperBound(Tensor weight) => Skew(weight).abs().sum(1).max().reshape(1);

    protected override double LargestSingularValue(Tensor weight) =>
        weight.isfinite().all().ToBoolean() ? linalg.svdvals(Skew(weight)).max().ToDouble() : double.NaN;

    private static Tensor Skew(Tensor weight) => weight - weight.t();
}
