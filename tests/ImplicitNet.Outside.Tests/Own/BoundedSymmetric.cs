using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary><c>x -> x (A + A^T) / b</c>: a symmetric layer of norm at most 1.</summary>
internal sealed class BoundedSymmetric : BoundedLayer
{
    private readonly Parameter _weight;

    public BoundedSymmetric(long size, ScalarType dtype = ScalarType.Float32)
        : base(nameof(BoundedSymmetric))
    {
        _weight = new Parameter(randn([size, size], dtype) / Math.Sqrt(size));
        RegisterComponents();
    }

    public override Parameter Weight => _weight;

    protected override double ErrorSpread => 2;

    protected override Tensor Compute(Tensor input, Tensor weight) => nn.functional.linear(input, Symmetric(weight));

    // ||W||^2 <= ||(W^T W)^64||_F^(1/64) (Gram iteration: Delattre et al., 2023), scaled at every squaring.
    protected override Tensor UpperBound(Tensor weight)
    {
        Tensor gram = Symmetric(weight).t().mm(Symmetric(weight)), size = Size(gram), logarithm = size.log();
        for (int power = 2; power <= 64; power *= 2)
        {
            gram = (gram / size).mm(gram / size);
            size = Size(gram);
            logarithm += size.log() / power;
        }

        return (logarithm / 2).exp().reshape(1);
    }

    protected override double LargestSingularValue(Tensor weight) =>
        weight.isfinite().all().ToBoolean() ? linalg.svdvals(Symmetric(weight)).max().ToDouble() : double.NaN;

    // Nothing is left of a weight that is minus its transpose.
    private static Tensor Size(Tensor gram) => linalg.vector_norm(gram).clamp_min(1e-30);

    private static Tensor Symmetric(Tensor weight) => weight + weight.t();
}
