using ImplicitNet.Measurements;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// How a <see cref="RestorationOperator"/> brings a denoiser D and the measurement <c>y = A x + noise</c> together: R of one evaluation.
/// </summary>
public abstract record RestorationStep
{
    // As for weights: b is a bound for exact arithmetic.
    private const double RoundingMargin = 1 - 1e-5;

    // The share of its limit that a step has at least, so that a step goes somewhere whatever was learned.
    private const double LeastShare = 1e-3;

    private protected RestorationStep()
    {
    }

    /// <summary>
    /// <c>R(u) = (I + eta A^T A)^-1 (D(u) + eta A^T y)</c>: what is denoised is made to agree with the measurement. A contraction by the
    /// factor of D, for every eta above 0, since a proximal map lengthens nothing. A needs a <see cref="MeasurementOperator.Proximal"/>
    /// (Geman and Yang, "Nonlinear image recovery with half-quadratic regularization", 1995).
    /// </summary>
    public static RestorationStep HalfQuadratic { get; } = new HalfQuadraticStep();

    /// <summary>
    /// <c>R(u) = D(u - eta A^T (A u - y))</c>: a step down <c>||A u - y||^2 / 2</c>, denoised. A contraction by the factor of D, where
    /// eta is at most <c>2 / ||A||^2</c>, which it is by construction. With a soft threshold for D it is ISTA (Daubechies, Defrise and De
    /// Mol, 2004).
    /// </summary>
    public static RestorationStep ProximalGradient { get; } = new ProximalGradientStep();

    /// <summary>
    /// <c>R(u) = u - (eta A^T (A u - y) + u - D(u)) / (1 + eta b^2)</c>, b at least ||A||: a step down the gradient, with the denoiser's
    /// residual for that of a prior. Its fixed points are those of half-quadratic steps, and it needs A and its adjoint alone. A
    /// contraction by <c>1 - (1 - gamma) / (1 + eta b^2)</c>, gamma the factor of D: take a solver with a memory, such as
    /// <see cref="Solvers.AndersonSolver"/> (Gilton, Ongie and Willett, "Deep equilibrium architectures for inverse problems in imaging",
    /// 2021).
    /// </summary>
    public static RestorationStep Gradient { get; } = new GradientStep();

    /// <summary>Whether A must have a proximal map.</summary>
    internal virtual bool NeedsProximal => false;

    /// <summary>Between which limits eta is learned, and where from.</summary>
    /// <param name="norm">b, at least the norm of A; above 0.</param>
    internal abstract (double Least, double Usual, double Most) Lengths(double norm);

    /// <summary>An upper bound of the Lipschitz constant of R.</summary>
    /// <param name="length">eta.</param>
    /// <param name="norm">b.</param>
    /// <param name="denoiser">That of D; NaN where it is not known.</param>
    internal abstract double Factor(double length, double norm, double denoiser);

    /// <summary>
    /// What R adds whatever the latent is, R(0) without D: computed once for each solve, so that what is rounded there moves no residual.
    /// </summary>
    /// <param name="data">eta A^T y: [batch, channels, height, width].</param>
    /// <param name="parts">All but the denoiser.</param>
    /// <returns>A new tensor, differentiable; in the caller's scope.</returns>
    internal virtual Tensor Shift(Tensor data, in RestorationParts parts) => data.clone();

    /// <summary>R(u).</summary>
    /// <param name="latent">u: [batch, channels, height, width].</param>
    /// <param name="shift">Of y, as <see cref="Shift"/> gave it.</param>
    /// <param name="parts">All but y.</param>
    /// <returns>A new tensor, differentiable; in the caller's scope.</returns>
    internal abstract Tensor Evaluate(Tensor latent, Tensor shift, in RestorationParts parts);

    private sealed record HalfQuadraticStep : RestorationStep
    {
        public override string ToString() => "half-quadratic";

        internal override bool NeedsProximal => true;

        internal override (double Least, double Usual, double Most) Lengths(double norm) =>
            (1e-4 / (norm * norm), 10 / (norm * norm), 1e6 / (norm * norm));

        internal override double Factor(double length, double norm, double denoiser) => length >= 0 ? denoiser : double.NaN;

        internal override Tensor Shift(Tensor data, in RestorationParts parts) => parts.Resolve(data);

        internal override Tensor Evaluate(Tensor latent, Tensor shift, in RestorationParts parts) =>
            parts.Resolve(parts.Denoise(latent)) + shift;
    }

    private sealed record ProximalGradientStep : RestorationStep
    {
        public override string ToString() => "proximal gradient";

        internal override (double Least, double Usual, double Most) Lengths(double norm)
        {
            double most = 2 / (norm * norm) * RoundingMargin;
            return (LeastShare * most, most / 2, most);
        }

        internal override double Factor(double length, double norm, double denoiser) =>
            Math.Max(1, (length * norm * norm) - 1) * denoiser;

        internal override Tensor Evaluate(Tensor latent, Tensor shift, in RestorationParts parts) =>
            parts.Denoise(latent - (parts.Length * parts.Normal(latent)) + shift);
    }

    private sealed record GradientStep : RestorationStep
    {
        public override string ToString() => "gradient";

        internal override (double Least, double Usual, double Most) Lengths(double norm) =>
            (1e-4 / (norm * norm), 1 / (norm * norm), 1e4 / (norm * norm));

        // The eigenvalues of what u is multiplied by, but for D, lie between the two in the maximum.
        internal override double Factor(double length, double norm, double denoiser)
        {
            double share = 1 / Divisor(length, norm);
            return Math.Max(1 - share, Math.Abs(1 - (share * (1 + (length * norm * norm))))) + (share * denoiser);
        }

        internal override Tensor Shift(Tensor data, in RestorationParts parts) => data / Divisor(parts);

        internal override Tensor Evaluate(Tensor latent, Tensor shift, in RestorationParts parts)
        {
            Tensor slope = (parts.Length * parts.Normal(latent)) + (latent - parts.Denoise(latent));
            return latent - (slope / Divisor(parts)) + shift;
        }

        private static double Divisor(double length, double norm) => 1 + (length * (norm * norm / RoundingMargin));

        private static Tensor Divisor(in RestorationParts parts) => 1 + (parts.Length * (parts.Norm * parts.Norm / RoundingMargin));
    }
}
