using System.Diagnostics;
using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>The norm in which a sample's residual is measured, over its whole latent.</summary>
/// <remarks>
/// Norms are measured alike at every scale: no square over- or underflows, a norm is 0 only for zeros, and a row times a power of two has
/// the norm times that power. A norm of your own has to do the same.
/// </remarks>
public abstract record ResidualNorm
{
    /// <summary>The Euclidean norm, <c>sqrt(sum r_i^2)</c>: the norm of the theory, and the default.</summary>
    public static ResidualNorm L2 { get; } = new L2Norm();

    /// <summary>The root mean square, <c>sqrt(mean r_i^2)</c>: independent of the size of the latent.</summary>
    public static ResidualNorm RootMeanSquare { get; } = new RootMeanSquareNorm();

    /// <summary>The largest magnitude, <c>max |r_i|</c>.</summary>
    public static ResidualNorm Max { get; } = new MaxNorm();

    /// <summary>Measures the norm of every row.</summary>
    /// <param name="rows">[batch, n], floating point.</param>
    /// <returns>[batch], float64. NaN or infinity where a row holds NaN or infinity; 0 for n = 0. The caller owns it.</returns>
    public abstract Tensor Measure(Tensor rows);

    /// <summary>
    /// Whether the norm is a function of the length of the row, <see cref="OfLength"/>, which one pass over memory gives.
    /// </summary>
    internal virtual bool IsOfLength => false;

    /// <summary>The norm of n elements from their L2 norm, where it is a function of that.</summary>
    internal virtual double OfLength(double length, long count) => throw new UnreachableException();

    private sealed record L2Norm : ResidualNorm
    {
        public override Tensor Measure(Tensor rows) => RowNorms.Column(rows).squeeze(1);

        internal override bool IsOfLength => true;

        internal override double OfLength(double length, long count) => length;
    }

    private sealed record RootMeanSquareNorm : ResidualNorm
    {
        public override Tensor Measure(Tensor rows) => RowNorms.Column(rows).squeeze(1) / Math.Sqrt(Math.Max(1, rows.shape[1]));

        internal override bool IsOfLength => true;

        internal override double OfLength(double length, long count) => length / Math.Sqrt(Math.Max(1, count));
    }

    private sealed record MaxNorm : ResidualNorm
    {
        public override Tensor Measure(Tensor rows) => rows.shape[1] == 0
            ? zeros(rows.shape[0], ScalarType.Float64, rows.device)
            : rows.abs().amax([1]).to(ScalarType.Float64);
    }
}
