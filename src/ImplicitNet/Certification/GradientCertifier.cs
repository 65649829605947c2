using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// Measures how good gradients through a fixed point are: the direction and the parameter gradient that a network uses
/// against the exact ones, with what theory says about them.
/// </summary>
/// <remarks>
/// The exact direction is an adjoint solve to a tight tolerance, whose residual is measured and reported. Changes nothing: no
/// <c>grad</c>, and running statistics and torch's random state on the processor are put back. In training mode the encoder
/// runs as in training. Costs one solve, the adjoint solve (some tens of products), the power iteration (two products each)
/// and a backward pass for every gradient; what the options ask for beside that says so.
/// </remarks>
public sealed record GradientCertifier
{
    /// <summary>How the reference is solved for; default: GMRES with 60 directions before a restart and 300 products.</summary>
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
    /// Whether the parameter gradient of every sample is compared too; default no. Costs two backward passes of the batch for each.
    /// </summary>
    public bool GradientsBySample { get; init; }

    /// <summary>
    /// Samples, from the first, for which the descent condition is looked at; at least 0; default 0. Each costs about five
    /// backward passes of one sample for every Lanczos step; in training mode, of the batch's encoder.
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
    /// <inheritdoc cref="Compare" path="/param"/>
    /// <inheritdoc cref="Compare" path="/exception"/>
    public GradientCertificate Certify(ImplicitNetwork network, Tensor data, Func<Tensor, Tensor> losses)
    {
        ArgumentNullException.ThrowIfNull(network);
        return Compare(network, data, losses, [network.Gradient])[0];
    }

    /// <summary>Certifies several gradients on one solve, against one reference.</summary>
    /// <param name="network">The network; not changed.</param>
    /// <param name="data">d: [batch, ...], at least one sample; stays the caller's.</param>
    /// <param name="losses">
    /// From the outputs, [batch, ...], to one loss a sample, [batch]; of parameters, through the outputs alone.
    /// </param>
    /// <param name="gradients">What to certify.</param>
    /// <returns>One certificate each, in their order.</returns>
    /// <exception cref="ArgumentException">The batch is empty, or the losses are not one a sample.</exception>
    /// <exception cref="InvalidOperationException">
    /// No parameter requires a gradient, the network's map couples its samples, or a gradient does not fit the solver.
    /// </exception>
    /// <exception cref="Solvers.FixedPointException">A sample did not converge and the network's policy is to throw.</exception>
    public IReadOnlyList<GradientCertificate> Compare(
        ImplicitNetwork network, Tensor data, Func<Tensor, Tensor> losses, IReadOnlyList<FixedPointGradient> gradients) =>
        TorchMessage.Guarded(() => Compared(network, data, losses, gradients));

    private IReadOnlyList<GradientCertificate> Compared(
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

        if (is_inference_mode_enabled())
        {
            // What was made in that mode cannot be kept by a graph: a copy can.
            using IDisposable ordinary = inference_mode(false);
            using Tensor copy = data.clone();
            return Compare(network, copy, losses, gradients);
        }

        using NetworkState state = new(network);
        using IDisposable graph = enable_grad();
        using DisposeScope scope = NewDisposeScope();
        using CertifiedBatch batch = new(this, network, data, losses);
        DescentCondition?[] conditions = batch.Conditions(data);
        return [.. gradients.Select(gradient => batch.Certify(gradient, conditions))];
    }
}
