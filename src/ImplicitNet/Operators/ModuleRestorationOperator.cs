using ImplicitNet.Kernels;
using ImplicitNet.Measurements;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// A <see cref="RestorationOperator"/> with any module for its denoiser. Nothing is known of its factor: solves may not converge, which
/// their statuses say; a <see cref="JacobianPenalty"/> in training helps.
/// </summary>
public sealed class ModuleRestorationOperator : RestorationOperator
{
    [ComponentName(Name = "denoiser")]
    private readonly nn.Module<Tensor, Tensor> _denoiser;

    /// <summary>Takes a denoiser that treats every sample by itself and is the same function in every call.</summary>
    /// <param name="measurement">A.</param>
    /// <param name="denoiser">
    /// D: takes and gives images, [batch, channels, height, width]. Batch normalisation and dropout in training mode are refused when q is
    /// bound. Owned from now on.
    /// </param>
    /// <param name="step">Default <see cref="RestorationStep.HalfQuadratic"/>.</param>
    /// <param name="stepLength">eta to begin with; default: as of a <see cref="BoundedRestorationOperator"/>.</param>
    /// <param name="guide">G, as of a <see cref="BoundedRestorationOperator"/>. Default: none.</param>
    /// <exception cref="ArgumentException">A is 0, or has no proximal map that the step needs; a value is out of range.</exception>
    public ModuleRestorationOperator(
        MeasurementOperator measurement, nn.Module<Tensor, Tensor> denoiser, RestorationStep? step = null, double? stepLength = null,
        nn.Module<Tensor, Tensor>? guide = null)
        : base(nameof(ModuleRestorationOperator), measurement, step, stepLength, guide, Like(denoiser))
    {
        _denoiser = denoiser;
        RegisterComponents();
    }

    private protected override double DenoiserFactor => double.NaN;

    private protected override bool IsDenoiserOwn => false;

    private protected override IEnumerable<Tensor> DenoiserParameters =>
        [.. _denoiser.parameters().Where(parameter => parameter.requires_grad)];

    private protected override IReadOnlyList<Tensor> PrepareDenoiser()
    {
        TrainingParts.EnsureOneFunction(_denoiser, mayCouple: false);
        return [];
    }

    private protected override Tensor Denoise(Tensor image, IReadOnlyList<Tensor> prepared, int first)
    {
        Tensor denoised = ForeignModule.Call(_denoiser, image, "denoiser");
        return denoised.shape.AsSpan().SequenceEqual(image.shape) && denoised.dtype == image.dtype
            ? denoised
            : throw new ArgumentException(
                $"The denoiser must keep the shape and dtype of images. "
                    + $"It was given {TensorCheck.Describe(image)} and returned {TensorCheck.Describe(denoised)}.");
    }

    private protected override void EnsureDenoises(long[] image, string name)
    {
    }

    /// <summary>A tensor in whose dtype and on whose device the denoiser computes: a parameter, or what is usual.</summary>
    private static Tensor Like(nn.Module<Tensor, Tensor> denoiser)
    {
        ArgumentNullException.ThrowIfNull(denoiser);
        return denoiser.parameters().FirstOrDefault(parameter => parameter.is_floating_point()) ?? empty(0);
    }
}
