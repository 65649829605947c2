using System.Diagnostics;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>The norm in which a sample's residual is measured, over its whole latent.</summary>
public abstract record ResidualNorm
{
    /// <summary>The Euclidean norm, <c>sqrt(sum r_i^2)</c>: the norm of the theory, and the default.</summary>
    public static ResidualNorm L2 { get; } = new L2Norm();

    /// <summary>The root mean square, <c>sqrt(mean r_i^2)</c>: independent of the size of the latent.</summary>
    public static ResidualNorm RootMeanSquare { get; } = new RootMeanSquareNorm();

    /// <summary>The largest magnitude, <c>max |r_i|</c>.</summary>
    public static ResidualNorm Max { get; } = new MaxNorm();

    /// <summary>Measures every row.</summary>
    /// <param name="rows">[batch, n], floating point.</param>
    /// <returns>[batch], float32 or wider. NaN where a row holds NaN; 0 for n = 0.</returns>
    public abstract Tensor Measure(Tensor rows);

    /// <summary>Whether the norm is a function of the sum of squares, <see cref="OfSquares"/>.</summary>
    internal abstract bool IsOfSquares { get; }

    /// <summary>The norm of n elements from the sum of their squares, where it is a function of that.</summary>
    internal abstract double OfSquares(double sum, long count);

    private static Tensor VectorNorm(Tensor rows, double order) =>
        linalg.vector_norm(rows.dtype is ScalarType.Float64 ? rows : rows.to(ScalarType.Float32), order, [1]);

    private sealed record L2Norm : ResidualNorm
    {
        public override Tensor Measure(Tensor rows) => VectorNorm(rows, 2);

        internal override bool IsOfSquares => true;

        internal override double OfSquares(double sum, long count) => Math.Sqrt(sum);
    }

    private sealed record RootMeanSquareNorm : ResidualNorm
    {
        public override Tensor Measure(Tensor rows) => VectorNorm(rows, 2) / Math.Sqrt(Math.Max(1, rows.shape[1]));

        internal override bool IsOfSquares => true;

        internal override double OfSquares(double sum, long count) => Math.Sqrt(sum / Math.Max(1, count));
    }

    private sealed record MaxNorm : ResidualNorm
    {
        public override Tensor Measure(Tensor rows) => rows.shape[1] == 0
            ? zeros(rows.shape[0], device: rows.device)
            : VectorNorm(rows, double.PositiveInfinity);

        internal override bool IsOfSquares => false;

        internal override double OfSquares(double sum, long count) => throw new UnreachableException();
    }
}
