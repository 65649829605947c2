using ImplicitNet.Kernels;
using ImplicitNet.Measurements;
using ImplicitNet.Solvers;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// A <see cref="RestorationOperator"/> whose denoiser is bounded, D = gamma times a <see cref="BoundedModule"/>, so that R is a contraction
/// for every weight, every measurement and every size of images.
/// </summary>
/// <remarks>
/// Its certificate rests on <see cref="MeasurementOperator.NormBound"/>: of a measurement of your own you vouch for that. Layers that are
/// good denoisers at a bound of 1 are <see cref="ConvexPotential"/>s, one after the other.
/// </remarks>
public sealed class BoundedRestorationOperator : RestorationOperator, IContraction
{
    [ComponentName(Name = "denoiser")]
    private readonly BoundedModule _denoiser;
    private readonly double _gamma;

    /// <summary>Creates the operator.</summary>
    /// <param name="measurement">A.</param>
    /// <param name="denoiser">D / gamma: takes and gives images, [batch, channels, height, width]. Owned from now on.</param>
    /// <param name="gamma">The factor of D, in (0, 1), dimensionless.</param>
    /// <param name="step">Default <see cref="RestorationStep.HalfQuadratic"/>.</param>
    /// <param name="stepLength">
    /// eta to begin with, in the limits of the step; default: <c>1 / b^2</c>, b at least ||A||; of half-quadratic steps <c>10 / b^2</c>.
    /// </param>
    /// <param name="guide">
    /// G, any module that takes and gives images and treats every sample by itself: <c>G(start)</c> is added to what D gives (to what it
    /// takes, of proximal gradient steps), the start being <see cref="RestorationOperator.StartingLatent"/>. It is evaluated once for each
    /// solve, does not depend on the latent, and so costs nothing of the certificate. Owned from now on. Default: none.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The denoiser gives other channels than it takes, or is bounded in another norm than L2; A is 0, or has no proximal map that the step
    /// needs; a value is out of range.
    /// </exception>
    public BoundedRestorationOperator(
        MeasurementOperator measurement, BoundedModule denoiser, double gamma, RestorationStep? step = null, double? stepLength = null,
        nn.Module<Tensor, Tensor>? guide = null)
        : base(nameof(BoundedRestorationOperator), measurement, step, stepLength, guide, Checked(denoiser, gamma).Reference)
    {
        (_denoiser, _gamma) = (denoiser, gamma);
        RegisterComponents();
    }

    /// <summary>gamma, or of gradient steps <c>1 - (1 - gamma) / (1 + eta b^2)</c>, which moves with eta.</summary>
    public double DeclaredFactor => Factor(_gamma);

    /// <inheritdoc/>
    public double CertifyFactor() => Factor(_denoiser.CertifyNorm(_gamma));

    private protected override double DenoiserFactor => _gamma;

    private protected override bool IsDenoiserOwn => true;

    private protected override IEnumerable<Tensor> DenoiserParameters => [];

    private protected override IReadOnlyList<Tensor> PrepareDenoiser() => _denoiser.Prepare(_gamma);

    private protected override Tensor Denoise(Tensor image, IReadOnlyList<Tensor> prepared, int first) =>
        _denoiser.Propagate(image, prepared, ref first);

    private protected override void EnsureDenoises(long[] image, string name)
    {
        if (_denoiser.Wanted(image) is { } wanted)
        {
            throw new ArgumentException($"The denoiser takes {wanted}. The images of q are {TensorCheck.Sizes(image)}.", name);
        }

        if (_denoiser.ShapeOf(image) is var made && !made.AsSpan().SequenceEqual(image))
        {
            throw new ArgumentException(
                $"The denoiser must keep the shape of images. Of {TensorCheck.Sizes(image)} it makes {TensorCheck.Sizes(made)}.", name);
        }
    }

    private static BoundedModule Checked(BoundedModule denoiser, double gamma)
    {
        ArgumentNullException.ThrowIfNull(denoiser);
        return gamma is not (> 0 and < 1)
            ? throw new ArgumentOutOfRangeException(nameof(gamma), gamma, "The contraction factor must be in (0, 1).")
            : denoiser.Inputs != denoiser.Outputs || denoiser.HasMovingNorm || !denoiser.Norm.Equals(ResidualNorm.L2)
            ? throw new ArgumentException(
                "The denoiser must map images to images, and be bounded in the norm L2. "
                    + $"It takes {denoiser.Inputs} channels and gives {denoiser.Outputs}, bounded in the norm {denoiser.Norm}.",
                nameof(denoiser))
            : denoiser;
    }
}
