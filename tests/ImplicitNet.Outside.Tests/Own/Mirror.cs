using ImplicitNet.Measurements;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>Each row of the image from right to left: its own adjoint, of norm 1, and <c>A^T A = I</c>.</summary>
internal sealed class Mirror : MeasurementOperator
{
    public override bool HasProximal => true;

    public override double NormBound((int Height, int Width)? imageSize = null) => 1;

    protected override Tensor ComputeMeasurement(Tensor image, IReadOnlyList<Tensor> prepared) => image.flip(3);

    protected override Tensor ComputeAdjoint(Tensor measurement, IReadOnlyList<Tensor> prepared) => measurement.flip(3);

    protected override Tensor ComputeResolvent(Tensor point, Tensor step, IReadOnlyList<Tensor> prepared) => point / (1 + step);
}
