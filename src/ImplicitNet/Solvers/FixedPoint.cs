using ImplicitNet.Differentiation;
using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>Finds the fixed points of a map.</summary>
public static class FixedPoint
{
    /// <summary>
    /// Solves <c>u = map(u)</c> for every sample of a batch: Algorithm 1 of Wu Fung et al. (AAAI 2022), with a status
    /// for every sample.
    /// </summary>
    /// <remarks>
    /// Runs without building a graph. For a per-sample map, a sample's answer, status and steps are what they would be alone (to the
    /// rounding of the kernels); finished samples leave the batch and cost nothing more. A failure to converge is never an exception here:
    /// read the report, or call <see cref="SolveReport.ThrowIfFailed"/>.
    /// </remarks>
    /// <param name="map">The map; the caller keeps it.</param>
    /// <param name="start">
    /// u at step 0: [batch, ...], floating point, any device and memory layout; not changed, and the caller keeps it.
    /// </param>
    /// <param name="solver">
    /// The method; default <see cref="PicardSolver"/> without damping, and <see cref="ForwardBackwardSolver"/> for a
    /// <see cref="SplittingMap"/>, whose fixed points it finds whether or not the map contracts.
    /// </param>
    /// <param name="stopping">When to stop; default: tolerances by dtype, 100 steps.</param>
    /// <param name="trace">Receives the residuals of every step and their times, when given.</param>
    /// <param name="cancellation">Checked before every step.</param>
    /// <returns>The latents, in the shape of <paramref name="start"/>, and the report. The caller owns it.</returns>
    /// <exception cref="ArgumentException">
    /// <paramref name="start"/> has no batch dimension or no floating-point dtype, or is sparse or disposed; a per-sample input has a
    /// different number of rows; or the map writes into its inputs, or does not return a dense tensor of the shape, dtype and device of u.
    /// </exception>
    /// <exception cref="OperationCanceledException">The solve was cancelled; all its tensors have been released.</exception>
    public static FixedPointSolution Solve(
        FixedPointMap map,
        Tensor start,
        FixedPointSolver? solver = null,
        StoppingRule? stopping = null,
        ResidualTrace? trace = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(map);
        using DisposeScope scope = NewDisposeScope();
        Tensor latents = LatentContract.Start(start);
        LatentContract.EnsureRows(map, latents);
        if (is_inference_mode_enabled())
        {
            // What was made in that mode cannot be kept by a graph, which some solvers need: copies can.
            using IDisposable ordinary = inference_mode(false);
            using IDisposable noGraph = no_grad();
            using FixedPointMap copy = map.With(LatentContract.Inputs(map).Select(input => input.clone()))
                ?? throw new ArgumentException("The map with copies of its inputs, With, is null.", nameof(map));
            return Solve(copy, latents.clone(), solver, stopping, trace, cancellation);
        }

        SolveContext context = new()
        {
            Map = map,
            Start = latents,
            Stopping = stopping ?? new StoppingRule(),
            ErrorBound = map.ErrorBound,
            Trace = trace,
            Cancellation = cancellation,
        };
        return TorchMessage.Guarded(() => (solver ?? DefaultFor(map)).Solve(context));
    }

    /// <summary>What solves a map where nobody chose.</summary>
    internal static FixedPointSolver DefaultFor(FixedPointMap map) =>
        map is SplittingMap ? new ForwardBackwardSolver() : new PicardSolver();
}
