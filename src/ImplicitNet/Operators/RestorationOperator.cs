using ImplicitNet.Kernels;
using ImplicitNet.Measurements;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Restores images from measurements <c>q = y = A x + noise</c>: the latent is the image, and R is one <see cref="RestorationStep"/> with a
/// denoiser D and a learned length eta. A <see cref="BoundedRestorationOperator"/> contracts whatever its weights are; a
/// <see cref="ModuleRestorationOperator"/> takes any denoiser, and knows of no factor.
/// </summary>
/// <remarks>
/// The encoder gives the measurement itself. One set of weights restores images of every size that A measures and D takes. What A computes
/// with, such as the spectrum of a kernel, is prepared once for each solve, and so is <c>eta A^T y</c>. In float32 or float64.
/// </remarks>
public abstract class RestorationOperator : LatentOperator
{
    private const string Guide = "guide";

    [ComponentName(Name = "step")]
    private readonly LearnedStep _length;
    [ComponentName(Name = "guide")]
    private readonly nn.Module<Tensor, Tensor>? _guide;
    private readonly double _norm;

    private protected RestorationOperator(
        string name, MeasurementOperator measurement, RestorationStep? step, double? stepLength, nn.Module<Tensor, Tensor>? guide,
        Tensor like)
        : base(name)
    {
        ArgumentNullException.ThrowIfNull(measurement);
        if (like.dtype is not (ScalarType.Float32 or ScalarType.Float64))
        {
            throw new ArgumentException($"The denoiser must be float32 or float64. It is {like.dtype}.");
        }

        (Measurement, Step) = (measurement, step ?? RestorationStep.HalfQuadratic);
        if (Step.NeedsProximal && !measurement.HasProximal)
        {
            throw new ArgumentException(
                $"{measurement} has no proximal map, which a half-quadratic step needs. "
                    + $"Take {nameof(RestorationStep)}.{nameof(RestorationStep.ProximalGradient)}.",
                nameof(measurement));
        }

        _norm = measurement.NormBound();
        if (_norm is not (> 0 and < double.PositiveInfinity))
        {
            throw new ArgumentException($"What is restored must be measured: the norm of A is at most {_norm}.", nameof(measurement));
        }

        (double least, double usual, double most) = Step.Lengths(_norm);
        _length = new LearnedStep((least, most), stepLength ?? usual, like);
        _guide = guide;
    }

    /// <summary>A.</summary>
    public MeasurementOperator Measurement { get; }

    /// <summary>How D and A are brought together.</summary>
    public RestorationStep Step { get; }

    /// <summary>eta, as it is now; dimensionless.</summary>
    public double StepLength => _length.Number();

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">q is no measurement of images that D takes, or of another dtype or device.</exception>
    public sealed override FixedPointMap Bind(Tensor q)
    {
        (int Height, int Width) size = EnsureFits(q);
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyList<Tensor> prepared = Measurement.Prepare(size, q.dtype, q.device);
        Tensor length = _length.Value();
        Tensor shift = GuidedShift(length * Measurement.ComputeAdjoint(q, prepared), prepared, length).DetachFromDisposeScope();
        Tensor[] shared = [.. new[] { length }.Concat(prepared).Concat(PrepareDenoiser()).Select(piece => piece.DetachFromDisposeScope())];
        int first = 1 + prepared.Count;
        return new PerSampleMap(
            (latent, inputs) => Evaluate(latent, inputs.PerSample[0], inputs.Shared, first),
            new MapInputs { PerSample = [shift], Shared = shared, Parameters = DenoiserParameters, Owned = [shift, .. shared] })
        {
            IsOwn = IsDenoiserOwn,
            ErrorBound = Factor(DenoiserFactor) is >= 0 and < 1 and var factor
                ? Solvers.ErrorBound.OfContraction(factor, ResidualNorm.L2)
                : null,
        };
    }

    /// <summary>R(0, q) without the denoiser: <c>eta A^T y</c>, or of half-quadratic steps the least-squares image of small
    /// norm, <c>(I + eta A^T A)^-1 eta A^T y</c>.</summary>
    /// <param name="q">y: [batch, channels, ...].</param>
    /// <returns>[batch, channels, height, width], without a graph. The caller owns it.</returns>
    public sealed override Tensor StartingLatent(Tensor q)
    {
        (int Height, int Width) size = EnsureFits(q);
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyList<Tensor> prepared = Measurement.Prepare(size, q.dtype, q.device);
        Tensor length = _length.Value();
        Tensor data = length * Measurement.ComputeAdjoint(q, prepared);
        return Shift(data, prepared, length).MoveToOuterDisposeScope();
    }

    /// <summary>An upper bound of the Lipschitz constant of D, in L2, by construction; NaN where nothing is known.</summary>
    private protected abstract double DenoiserFactor { get; }

    /// <summary>Whether D is known to write into no tensor that it is given.</summary>
    private protected abstract bool IsDenoiserOwn { get; }

    /// <summary>The parameters of D that are not in what it prepares.</summary>
    private protected abstract IEnumerable<Tensor> DenoiserParameters { get; }

    /// <summary>What D computes with, in the graph of its weights. The caller owns it.</summary>
    private protected abstract IReadOnlyList<Tensor> PrepareDenoiser();

    /// <summary>D.</summary>
    private protected abstract Tensor Denoise(Tensor image, IReadOnlyList<Tensor> prepared, int first);

    /// <summary>Refuses images that D does not take.</summary>
    private protected abstract void EnsureDenoises(long[] image, string name);

    /// <summary>The factor of R for that of D.</summary>
    private protected double Factor(double denoiser) => Step.Factor(StepLength, _norm, denoiser);

    private (int Height, int Width) EnsureFits(Tensor q)
    {
        (int Height, int Width) size = Measurement.EnsureMeasurement(q, nameof(q));
        TensorCheck.EnsureLike(q, _length.Logit, nameof(q), "q");
        EnsureDenoises([q.shape[0], q.shape[1], size.Height, size.Width], nameof(q));
        return size;
    }

    private Tensor Shift(Tensor data, IReadOnlyList<Tensor> prepared, Tensor length) =>
        Step.Shift(data, new RestorationParts(Measurement, prepared, _norm, length, image => image));

    /// <summary>What R adds, of the measurement and of what the guide makes of it.</summary>
    private Tensor GuidedShift(Tensor data, IReadOnlyList<Tensor> prepared, Tensor length)
    {
        Tensor shift = Shift(data, prepared, length);
        if (_guide is null)
        {
            return shift;
        }

        TrainingParts.EnsureOneFunction(_guide, mayCouple: false);
        Tensor guided = ForeignModule.Call(_guide, shift, Guide);
        return guided.shape.AsSpan().SequenceEqual(shift.shape) && guided.dtype == shift.dtype
            ? shift + Shift(guided, prepared, length)
            : throw new ArgumentException(
                $"The {Guide} must keep the shape and dtype of images. "
                    + $"It was given {TensorCheck.Describe(shift)} and returned {TensorCheck.Describe(guided)}.");
    }

    private Tensor Evaluate(Tensor latent, Tensor shift, IReadOnlyList<Tensor> shared, int first)
    {
        using DisposeScope scope = NewDisposeScope();
        RestorationParts parts = new(
            Measurement, [.. shared.Skip(1).Take(first - 1)], _norm, shared[0], image => Denoise(image, shared, first));
        return Step.Evaluate(latent, shift, parts).MoveToOuterDisposeScope();
    }
}
