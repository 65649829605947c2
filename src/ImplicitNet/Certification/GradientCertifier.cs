using System.Runtime.CompilerServices;
using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// Measures how good gradients through a fixed point are: the direction and the parameter gradient that a network uses
/// against the exact ones, with what theory says about them.
/// </summary>
/// <remarks>
/// The exact direction comes from an adjoint solve to a tight tolerance, whose residual is measured and reported. Nothing is changed: no
/// <c>grad</c> is set, and running statistics and torch's random state on the processor are restored. In training mode the encoder runs as
/// in training. Costs one solve, the adjoint solve (some tens of products), the power iteration (two products each) and, for every
/// gradient, the rest of the model forward and backward; the options that cost more say so.
/// </remarks>
public sealed record GradientCertifier
{
    /// <summary>The solver of the reference; default: GMRES with 60 directions before a restart and 300 products.</summary>
    public LinearSolver Reference
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Reference));
    } = new GmresSolver { Restart = 60, MaxProducts = 300 };

    /// <summary>
    /// Tolerance of the reference as a share of <c>||g||</c>, dimensionless; in [0, 1); default: 1e-12 for float64 latents, 1e-6
    /// for others.
    /// </summary>
    public double? ReferenceTolerance
    {
        get;
        init => field = value is null or (>= 0 and < 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(ReferenceTolerance), value, "The reference's tolerance must be in [0, 1).");
    }

    /// <summary>Power iterations that measure ||J||; at least 1; default 30.</summary>
    public int PowerIterations
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(PowerIterations), value,
            "At least 1 power iteration is needed.");
    } = 30;

    /// <summary>
    /// Whether the parameter gradient of every sample is compared too; default false. Costs two backward passes of the batch for each, and
    /// keeps the exact ones.
    /// </summary>
    public bool GradientsBySample { get; init; }

    /// <summary>
    /// How many samples, from the first, the descent condition is checked for; at least 0; default 0. Each costs about five backward passes
    /// of one sample for every Lanczos step; in training mode, of the batch's encoder.
    /// </summary>
    public int ConditionSamples
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(ConditionSamples), value, "At least 0 samples.");
    }

    /// <summary>The most Lanczos steps for a condition number; at least 1; default 60. Each keeps one latent in float64.</summary>
    public int LanczosSteps
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(LanczosSteps), value,
            "At least 1 Lanczos step is needed.");
    } = 60;

    /// <summary>Certifies the network's own gradient.</summary>
    /// <inheritdoc cref="Compare(ImplicitNetwork, Tensor, Func{Tensor, Tensor}, IReadOnlyList{FixedPointGradient})" path="/param"/>
    /// <inheritdoc cref="Compare(ImplicitNetwork, Tensor, Func{Tensor, Tensor}, IReadOnlyList{FixedPointGradient})" path="/exception"/>
    public GradientCertificate Certify(ImplicitNetwork network, Tensor data, Func<Tensor, Tensor> losses)
    {
        ArgumentNullException.ThrowIfNull(network);
        return Compare(network, data, losses, [network.Gradient])[0];
    }

    /// <summary>Certifies several gradients on one solve, against one reference.</summary>
    /// <param name="network">The network; not changed.</param>
    /// <param name="data">d: [batch, ...], at least one sample; the caller keeps it.</param>
    /// <param name="losses">
    /// Computes one loss per sample, [batch], from the outputs, [batch, ...]. It may depend on parameters through the outputs only.
    /// </param>
    /// <param name="gradients">What to certify.</param>
    /// <returns>One certificate for each gradient, in the same order.</returns>
    /// <exception cref="ArgumentException">The batch is empty, or there is not one loss per sample.</exception>
    /// <exception cref="InvalidOperationException">No parameter requires a gradient, or a gradient does not fit the solver.</exception>
    /// <exception cref="FixedPointException">A sample did not converge and the network's policy is to throw.</exception>
    public IReadOnlyList<GradientCertificate> Compare(
        ImplicitNetwork network, Tensor data, Func<Tensor, Tensor> losses, IReadOnlyList<FixedPointGradient> gradients) =>
        TorchMessage.Guarded(() => Compared(network, data, losses, gradients));

    /// <summary>Certifies the gradients that the implicit solves of any model use, for any loss.</summary>
    /// <inheritdoc cref="Compare(nn.Module, Func{Tensor}, IReadOnlyList{FixedPointGradient})" path="/param"/>
    /// <inheritdoc cref="Compare(nn.Module, Func{Tensor}, IReadOnlyList{FixedPointGradient})" path="/exception"/>
    public GradientCertificate Certify(nn.Module model, Func<Tensor> losses)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Compare(model, losses, [null], BatchPart.Whole)[0];
    }

    /// <summary>
    /// Certifies several gradients in any model with implicit solves in it (layers or <see cref="Implicit"/>), for any loss. Each gradient
    /// is used in all solves at once, and all are compared at the same u*.
    /// </summary>
    /// <remarks>
    /// The model is run once with the exact gradient and once more with each of the others, with torch's random state and the buffers as
    /// they were. For every solve the directions are compared for the gradient that reaches it in the exact run.
    /// </remarks>
    /// <param name="model">The model, whose parameter gradients are compared; not changed.</param>
    /// <param name="losses">
    /// Runs the model on a batch and returns one loss per sample, [batch], or one number. Called several times.
    /// </param>
    /// <param name="gradients">What to certify.</param>
    /// <returns>
    /// One certificate for each gradient, in the same order; <see cref="GradientCertificate.Solves"/> has an entry for every solve.
    /// </returns>
    /// <exception cref="ArgumentException">The losses are not those of at least one sample, or depend on no parameter.</exception>
    /// <exception cref="InvalidOperationException">
    /// No parameter requires a gradient, a gradient does not fit its solver, or the model computes something else in every run.
    /// </exception>
    /// <exception cref="FixedPointException">A sample did not converge and the failure policy is to throw.</exception>
    public IReadOnlyList<GradientCertificate> Compare(
        nn.Module model, Func<Tensor> losses, IReadOnlyList<FixedPointGradient> gradients)
    {
        ArgumentNullException.ThrowIfNull(model);
        EnsurePresent(gradients);
        return Compare(model, losses, gradients, BatchPart.Whole);
    }

    /// <summary>Certifies several gradients of a batch of which this process may have a part; null for each solve's own.</summary>
    internal IReadOnlyList<GradientCertificate> Compare(
        nn.Module model, Func<Tensor> losses, IReadOnlyList<FixedPointGradient?> gradients, BatchPart part) =>
        TorchMessage.Guarded(() => Compared(model, model.parameters(), losses, gradients, mapped: null, part));

    /// <summary>Refuses what is not measured over several processes.</summary>
    /// <exception cref="NotSupportedException">It is asked for.</exception>
    internal void EnsureFitsParts()
    {
        if (GradientsBySample || ConditionSamples > 0)
        {
            throw new NotSupportedException(
                $"Several processes certify a batch without {nameof(GradientsBySample)} and {nameof(ConditionSamples)}, which go back "
                + "through the whole batch for every sample. Certify them in one process.");
        }
    }

    /// <summary>Certifies the gradients that implicit solves outside a model use, such as those of <see cref="Implicit"/>.</summary>
    /// <inheritdoc cref="Compare(IEnumerable{Tensor}, Func{Tensor}, IReadOnlyList{FixedPointGradient})" path="/param"/>
    /// <inheritdoc cref="Compare(nn.Module, Func{Tensor}, IReadOnlyList{FixedPointGradient})" path="/exception"/>
    public GradientCertificate Certify(IEnumerable<Tensor> parameters, Func<Tensor> losses)
    {
        EnsurePresent(parameters);
        return TorchMessage.Guarded(() => Compared(null, parameters, losses, [null], mapped: null))[0];
    }

    /// <summary>
    /// Certifies several gradients in implicit solves outside a model, as for a model with these parameters and no buffers.
    /// </summary>
    /// <param name="parameters">
    /// The parameters whose gradients are compared; those that require none are ignored. The caller keeps them.
    /// </param>
    /// <param name="losses">Solves, and returns one loss per sample, [batch], or one number. Called several times.</param>
    /// <param name="gradients">What to certify.</param>
    /// <returns>
    /// One certificate for each gradient, in the same order; <see cref="GradientCertificate.Solves"/> has an entry for every solve.
    /// </returns>
    /// <inheritdoc cref="Compare(nn.Module, Func{Tensor}, IReadOnlyList{FixedPointGradient})" path="/exception"/>
    public IReadOnlyList<GradientCertificate> Compare(
        IEnumerable<Tensor> parameters, Func<Tensor> losses, IReadOnlyList<FixedPointGradient> gradients)
    {
        EnsurePresent(parameters);
        EnsurePresent(gradients);
        return TorchMessage.Guarded(() => Compared(null, parameters, losses, gradients, mapped: null));
    }

    private static void EnsurePresent<T>(
        IEnumerable<T> items, [CallerArgumentExpression(nameof(items))] string? name = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(items, name);
        if (items.Contains(null!))
        {
            throw new ArgumentException($"One of the {name} is null.", name);
        }
    }

    private GradientCertificate[] Compared(
        nn.Module? model,
        IEnumerable<Tensor> parameters,
        Func<Tensor> losses,
        IReadOnlyList<FixedPointGradient?> gradients,
        Func<NetworkState, int, CertifiedSolve, Tensor>? mapped,
        BatchPart? part = null)
    {
        ArgumentNullException.ThrowIfNull(losses);
        using IDisposable ordinary = inference_mode(false);
        using IDisposable graph = enable_grad();
        using DisposeScope scope = NewDisposeScope();
        bool keepsMapped = mapped is null && ConditionSamples > 0;
        CertifierOptions options = new(
            Reference, ReferenceTolerance, PowerIterations, GradientsBySample, ConditionSamples, LanczosSteps, keepsMapped,
            part ?? BatchPart.Whole);
        using CertifiedModel certified = new(options, model, parameters, losses);
        IReadOnlyList<DescentCondition>[] conditions = certified.Conditions(
            mapped is null ? null : (entry, solve) => mapped(certified.State, entry, solve));
        return [.. gradients.Select(gradient => certified.Certify(gradient, conditions))];
    }

    private GradientCertificate[] Compared(
        ImplicitNetwork network, Tensor data, Func<Tensor, Tensor> losses, IReadOnlyList<FixedPointGradient> gradients)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(losses);
        ArgumentNullException.ThrowIfNull(gradients);
        TensorCheck.EnsureBatch(data, nameof(data), "The data", isNumber: false);
        if (data.shape[0] == 0)
        {
            throw new ArgumentException($"At least one sample is needed. Given: {TensorCheck.Shape(data)}.", nameof(data));
        }

        // What was made in inference mode cannot be kept by a graph: a copy can.
        using IDisposable ordinary = inference_mode(false);
        using Tensor copy = data.clone();
        Tensor? encoded = null;
        try
        {
            return Compared(network, network.parameters(), () => Losses(network, copy, losses), gradients, Mapped);
        }
        finally
        {
            encoded?.Dispose();
        }

        // R(u*, q) of one sample, which knows nothing of the others; in training mode the encoder may look across the batch.
        Tensor Mapped(NetworkState state, int sample, CertifiedSolve solve)
        {
            bool isWhole = network.training || !solve.IsPerSample;
            if (isWhole && encoded is null)
            {
                state.Restore();
                encoded = network.Encode(copy).DetachFromDisposeScope();
            }

            using DisposeScope scope = NewDisposeScope();
            Tensor q = !isWhole ? network.Encoder.call(copy.narrow(0, sample, 1))
                : solve.IsPerSample ? encoded!.narrow(0, sample, 1)
                : encoded!;
            using FixedPointMap map = network.Layer.Operator.Bind(q);
            Tensor latent = solve.IsPerSample ? solve.Latent.narrow(0, sample, 1) : solve.Latent;
            return LatentContract.EvaluateCopy(map, latent).MoveToOuterDisposeScope();
        }
    }

    private static Tensor Losses(ImplicitNetwork network, Tensor data, Func<Tensor, Tensor> losses)
    {
        Tensor found = losses(network.call(data)) ?? throw new ArgumentException("The losses are null.", nameof(losses));
        return found.ndim == 1 && found.shape[0] == data.shape[0]
            ? found
            : throw new ArgumentException(
                $"One loss for each of {data.shape[0]} samples is needed. Given: {TensorCheck.Shape(found)}.", nameof(losses));
    }
}
