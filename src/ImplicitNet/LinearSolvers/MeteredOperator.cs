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

    /// <summary>Products so far, each counted once for every sample in it.</summary>
    public long Products => _meter.Products;

    public override Tensor Apply(Tensor vectors) => Counted(vectors, _linear.Apply(vectors));

    public override Tensor ApplyTransposed(Tensor vectors) => Counted(vectors, _linear.ApplyTransposed(vectors));

    /// <summary>The whole batch, to be disposed like a restriction.</summary>
    public MeteredOperator Whole() => new(_linear, _meter, ownsLinear: false);

    public override LinearOperator Restrict(Tensor samples) => new MeteredOperator(_linear.Restrict(samples), _meter, ownsLinear: true);

    public override void Dispose()
    {
        if (_ownsLinear)
        {
            _linear.Dispose();
        }
    }

    private Tensor Counted(Tensor vectors, Tensor product)
    {
        if (!product.shape.AsSpan().SequenceEqual(vectors.shape) || product.dtype != vectors.dtype)
        {
            throw new ArgumentException(
                $"A product must keep shape and dtype. The operator was given [{string.Join(", ", vectors.shape)}] in {vectors.dtype}"
                + $" and returned [{string.Join(", ", product.shape)}] in {product.dtype}.");
        }

        _meter.Products += vectors.shape[0];

        // An alias, so that an operator may return its argument, or a tensor that it keeps, without losing it.
        return product.alias();
    }

    private sealed class Meter
    {
        public long Products { get; set; }
    }
}
