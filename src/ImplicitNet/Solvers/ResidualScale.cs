using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// What a residual is compared with. Every sample has one number besides the norm of its residual (<see cref="Reference"/>), computed on
/// the device of the latents, and passes if the <see cref="Ratio"/> of the two is at most 1.
/// </summary>
public abstract record ResidualScale
{
    /// <summary><c>||r|| &lt;= absolute + relative ||u||</c>: one threshold per sample; the default.</summary>
    public static ResidualScale PerSample { get; } = new PerSampleScale();

    /// <summary>
    /// <c>||r_i / (absolute + relative |u_i|)|| &lt;= 1</c>: one threshold per element, as in the error control of differential-equation
    /// solvers (Hairer, Norsett, Wanner, 1993, eq. II.4.11). Best with the RMS or max norm.
    /// </summary>
    public static ResidualScale PerElement { get; } = new PerElementScale();

    /// <summary>Whether <see cref="Reference"/> is the norm of u.</summary>
    internal virtual bool IsOfSize => false;

    /// <summary>Computes the number for every row that <see cref="Ratio"/> compares with the norm of its residual.</summary>
    /// <param name="residual">map(u) - u: [batch, n], float32 or float64.</param>
    /// <param name="latent">u: [batch, n].</param>
    /// <param name="norm">The norm of the stopping rule.</param>
    /// <param name="absolute">The absolute tolerance; at least 0.</param>
    /// <param name="relative">The relative tolerance; at least 0.</param>
    /// <returns>[batch], floating point. The caller owns it.</returns>
    public abstract Tensor Reference(Tensor residual, Tensor latent, ResidualNorm norm, double absolute, double relative);

    /// <summary>Computes the residual over its threshold, dimensionless.</summary>
    /// <param name="residual">The norm of the residual.</param>
    /// <param name="reference">The number of the row, from <see cref="Reference"/>.</param>
    /// <param name="absolute">The absolute tolerance.</param>
    /// <param name="relative">The relative tolerance.</param>
    /// <returns>At most 1 if the row passes; NaN, which never passes, if that cannot be decided.</returns>
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
