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

    private static Tensor VectorNorm(Tensor rows, double order) =>
        linalg.vector_norm(rows.dtype is ScalarType.Float64 ? rows : rows.to(ScalarType.Float32), order, [1]);

    private sealed record L2Norm : ResidualNorm
    {
        public override Tensor Measure(Tensor rows) => VectorNorm(rows, 2);
    }

    private sealed record RootMeanSquareNorm : ResidualNorm
    {
        public override Tensor Measure(Tensor rows) => VectorNorm(rows, 2) / Math.Sqrt(Math.Max(1, rows.shape[1]));
    }

    private sealed record MaxNorm : ResidualNorm
    {
        public override Tensor Measure(Tensor rows) => rows.shape[1] == 0
            ? zeros(rows.shape[0], device: rows.device)
            : VectorNorm(rows, double.PositiveInfinity);
    }
}
