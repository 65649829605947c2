using static TorchSharp.torch;

namespace ImplicitNet.Measurements;

/// <summary>A = I: the measurement is the image itself, and what is restored is freed from noise.</summary>
public sealed class IdentityMeasurement : MeasurementOperator
{
    /// <inheritdoc/>
    public override bool HasProximal => true;

    /// <inheritdoc/>
    public override double NormBound((int Height, int Width)? imageSize = null) => 1;

    /// <inheritdoc/>
    public override string ToString() => "The identity";

    /// <inheritdoc/>
    protected internal override Tensor ComputeMeasurement(Tensor image, IReadOnlyList<Tensor> prepared) => image.clone();

    /// <inheritdoc/>
    protected internal override Tensor ComputeAdjoint(Tensor measurement, IReadOnlyList<Tensor> prepared) => measurement.clone();

    /// <inheritdoc/>
    protected internal override Tensor ComputeResolvent(Tensor point, Tensor step, IReadOnlyList<Tensor> prepared) => point / (1 + step);
}
