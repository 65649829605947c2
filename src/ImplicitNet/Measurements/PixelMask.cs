using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Measurements;

/// <summary>Some pixels are seen, the others are 0 in the measurement: what is restored is filled in there.</summary>
public sealed class PixelMask : MeasurementOperator
{
    private readonly bool[,] _seen;

    /// <summary>Creates the mask.</summary>
    /// <param name="seen">[height, width], at least one pixel; true where a pixel is seen, in all channels; copied.</param>
    /// <exception cref="ArgumentException">The mask has no pixel.</exception>
    public PixelMask(bool[,] seen)
    {
        ArgumentNullException.ThrowIfNull(seen);
        _seen = seen.Length > 0 ? (bool[,])seen.Clone() : throw new ArgumentException("A mask needs at least one pixel.", nameof(seen));
        Seen = _seen.Cast<bool>().Count(isSeen => isSeen);
    }

    /// <summary>How many pixels are seen.</summary>
    public int Seen { get; }

    /// <summary>The size of the mask: it measures no other images.</summary>
    public override (int Height, int Width)? ImageSize => (_seen.GetLength(0), _seen.GetLength(1));

    /// <inheritdoc/>
    public override bool HasProximal => true;

    /// <inheritdoc/>
    public override double NormBound((int Height, int Width)? imageSize = null) => Seen > 0 ? 1 : 0;

    /// <inheritdoc/>
    public override string ToString() => $"The mask of {Seen} pixels";

    /// <inheritdoc/>
    protected internal override IReadOnlyList<Tensor> Prepare((int Height, int Width) imageSize, ScalarType dtype, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        return [tensor(_seen).to(dtype).to(device).MoveToOuterDisposeScope()];
    }

    /// <inheritdoc/>
    protected internal override Tensor ComputeMeasurement(Tensor image, IReadOnlyList<Tensor> prepared) => image * prepared[0];

    /// <inheritdoc/>
    protected internal override Tensor ComputeAdjoint(Tensor measurement, IReadOnlyList<Tensor> prepared) => measurement * prepared[0];

    /// <inheritdoc/>
    protected internal override Tensor ComputeResolvent(Tensor point, Tensor step, IReadOnlyList<Tensor> prepared)
    {
        using DisposeScope scope = NewDisposeScope();
        return (point / (1 + (step * prepared[0]))).MoveToOuterDisposeScope();
    }
}
