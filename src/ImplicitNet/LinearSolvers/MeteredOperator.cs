using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// A caller's operator as a solver sees it: counts the products paid and refuses a product that is none. Restrictions
/// count into the same meter.
/// </summary>
internal sealed class MeteredOperator : LinearOperator
{
    private readonly LinearOperator _linear;
    private readonly Meter _meter;
    private readonly bool _ownsLinear;

    public MeteredOperator(LinearOperator linear)
        : this(linear, new Meter(), ownsLinear: false)
    {
    }

    private MeteredOperator(LinearOperator linear, Meter meter, bool ownsLinear)
    {
        _linear = linear;
        _meter = meter;
        _ownsLinear = ownsLinear;
    }

    /// <summary>The caller's operator.</summary>
    public LinearOperator Given => _linear;

    /// <summary>Products so far, each counted once for every sample in it.</summary>
    public long Products => _meter.Products;

    public override Tensor Apply(Tensor vectors) => Counted(vectors, _linear.Apply);

    public override Tensor ApplyTransposed(Tensor vectors) => Counted(vectors, _linear.ApplyTransposed);

    internal override double? SymmetryTolerance(ScalarType dtype) => _linear.SymmetryTolerance(dtype);

    /// <summary>The whole batch, to be disposed like a restriction.</summary>
    public MeteredOperator Whole() => new(_linear, _meter, ownsLinear: false);

    public override LinearOperator Restrict(Tensor samples) => new MeteredOperator(
        _linear.Restrict(samples) ?? throw new InvalidOperationException("The operator's restriction to some samples is null."),
        _meter, ownsLinear: true);

    public override void Dispose()
    {
        if (_ownsLinear)
        {
            _linear.Dispose();
        }
    }

    private Tensor Counted(Tensor vectors, Func<Tensor, Tensor?> apply)
    {
        Tensor? product = Product(vectors, apply);
        if (TensorCheck.HasFault(product, out string? fault))
        {
            throw new ArgumentException($"A product of the operator {fault}.");
        }

        if (!product.shape.AsSpan().SequenceEqual(vectors.shape) || product.dtype != vectors.dtype
            || !TensorCheck.IsOnDeviceOf(product, vectors))
        {
            throw new ArgumentException(
                "A product must keep shape, dtype and device. "
                + $"The operator was given {TensorCheck.Describe(vectors)} on {vectors.device}"
                + $" and returned {TensorCheck.Describe(product)} on {product.device}.");
        }

        _meter.Products += vectors.shape[0];

        // An alias, so that an operator may return its argument, or a tensor that it keeps, without losing it.
        return product.alias();
    }

    private static Tensor? Product(Tensor vectors, Func<Tensor, Tensor?> apply) => TorchMessage.Guarded(
        (Vectors: vectors, Apply: apply),
        static given => given.Apply(given.Vectors),
        static (given, said) => new ArgumentException($"The operator cannot take {TensorCheck.Describe(given.Vectors)}: {said}"));

    private sealed class Meter
    {
        public long Products { get; set; }
    }
}
