using ImplicitNet.Measurements;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>What a <see cref="RestorationStep"/> computes with, prepared for a solve.</summary>
/// <param name="Measurement">A.</param>
/// <param name="Prepared">What it prepared.</param>
/// <param name="Norm">b, at least the norm of A.</param>
/// <param name="Length">eta: [].</param>
/// <param name="Denoise">D: takes and gives [batch, channels, height, width]; what it takes is not changed.</param>
internal readonly record struct RestorationParts(
    MeasurementOperator Measurement, IReadOnlyList<Tensor> Prepared, double Norm, Tensor Length, Func<Tensor, Tensor> Denoise)
{
    /// <summary>A^T A u.</summary>
    public Tensor Normal(Tensor latent) =>
        Measurement.ComputeAdjoint(Measurement.ComputeMeasurement(latent, Prepared), Prepared);

    /// <summary>(I + eta A^T A)^-1 v.</summary>
    public Tensor Resolve(Tensor point) => Measurement.ComputeResolvent(point, Length, Prepared);
}
