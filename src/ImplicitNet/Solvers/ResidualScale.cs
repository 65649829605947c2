using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// What a residual is compared with. Every sample has one number beside the norm of its residual (<see cref="Reference"/>), made where the
/// latents are, and passes where <see cref="Ratio"/> of the two is at most 1.
/// </summary>
public abstract record ResidualScale
{
    /// <summary><c>||r|| &lt;= absolute + relative ||u||</c>: one threshold for a sample; the default.</summary>
    public static ResidualScale PerSample { get; } = new PerSampleScale();

    /// <summary>
    /// <c>||r_i / (absolute + relative |u_i|)|| &lt;= 1</c>: one threshold for every element, as in the error control of
    /// differential-equation solvers (Hairer, Norsett, Wanner, 1993, eq. II.4.11). Best with the RMS or max norm.
    /// </summary>
    public static ResidualScale PerElement { get; } = new PerElementScale();

    /// <summary>Whether <see cref="Reference"/> is the norm of u.</summary>
    internal virtual bool IsOfSize => false;

    /// <summary>One number for every row, beside the norm of its residual, that <see cref="Ratio"/> is made of.</summary>
    /// <param name="residual">map(u) - u: [batch, n], float32 or float64.</param>
    /// <param name="latent">u: [batch, n].</param>
    /// <param name="norm">That of the stopping rule.</param>
    /// <param name="absolute">The absolute tolerance; at least 0.</param>
    /// <param name="relative">The relative tolerance; at least 0.</param>
    /// <returns>[batch], floating point. The caller owns it.</returns>
    public abstract Tensor Reference(Tensor residual, Tensor latent, ResidualNorm norm, double absolute, double relative);

    /// <summary>Residual over threshold, dimensionless.</summary>
    /// <param name="residual">The norm of the residual.</param>
    /// <param name="reference">The row's number.</param>
    /// <param name="absolute">The absolute tolerance.</param>
    /// <param name="relative">The relative tolerance.</param>
    /// <returns>At most 1 where the row passes; NaN, which passes nothing, where there is no telling.</returns>
    public abstract double Ratio(double residual, double reference, double absolute, double relative);

    private sealed record PerSampleScale : ResidualScale
    {
        internal override bool IsOfSize => true;

        public override Tensor Reference(Tensor residual, Tensor latent, ResidualNorm norm, double absolute,
            double relative) => norm.Measure(latent);

        public override double Ratio(double residual, double reference, double absolute, double relative)
        {
            double threshold = (reference * relative) + absolute;

            // A threshold that overflowed passes nothing: infinity times zero is NaN, and NaN is not at most 1.
            return (residual / threshold) + (threshold * 0);
        }
    }

    private sealed record PerElementScale : ResidualScale
    {
        public override Tensor Reference(Tensor residual, Tensor latent, ResidualNorm norm, double absolute, double relative)
        {
            // In float64, in which no share of a float32 element underflows.
            Tensor wide = residual.to(ScalarType.Float64);
            return norm.Measure(where(wide == 0, wide, wide / ((latent.to(ScalarType.Float64).abs() * relative) + absolute)));
        }

        public override double Ratio(double residual, double reference, double absolute, double relative) => reference;
    }
}
