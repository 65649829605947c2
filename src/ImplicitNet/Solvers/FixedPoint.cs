using ImplicitNet.Batches;
using ImplicitNet.Differentiation;
using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>Finds fixed points: the one loop that every solver runs in.</summary>
public static class FixedPoint
{
    /// <summary>
    /// Solves <c>u = map(u)</c> for every sample of a batch: Algorithm 1 of Wu Fung et al. (AAAI 2022), with a status
    /// for every sample.
    /// </summary>
    /// <remarks>
    /// Runs without building a graph. For a per-sample map, a sample's answer, status and steps are what they would be
    /// alone (to the rounding of the kernels); finished samples leave the batch and are not paid for. Failure of the
    /// mathematics is never an exception here: read the report, or call <see cref="SolveReport.ThrowIfFailed"/>.
    /// </remarks>
    /// <param name="map">The map; stays the caller's.</param>
    /// <param name="start">u at step 0: [batch, ...], floating point, any device and memory layout; stays the caller's, unchanged.</param>
    /// <param name="solver">The method; default <see cref="PicardSolver"/> without damping.</param>
    /// <param name="stopping">When to stop; default: tolerances by dtype, 100 steps.</param>
    /// <param name="trace">Receives the residuals of every step and their times, when given.</param>
    /// <param name="cancellation">Looked at before every step.</param>
    /// <returns>The latents, in the shape of <paramref name="start"/>, and the report. The caller owns it.</returns>
    /// <exception cref="ArgumentException">
    /// <paramref name="start"/> has no batch dimension or no floating-point dtype, is sparse or disposed, or the map writes into its inputs
    /// or returns something else than a dense tensor of the shape, dtype and device of u.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled; every tensor of the solve has been released.</exception>
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
        if (is_inference_mode_enabled())
        {
            // What was made in that mode cannot be kept by a graph, which some solvers need: copies can.
            using IDisposable ordinary = inference_mode(false);
            using IDisposable noGraph = no_grad();
            using FixedPointMap copy = map.With(LatentContract.Inputs(map).Select(input => input.clone()))
                ?? throw new ArgumentException("The map with copies of its inputs, With, is null.", nameof(map));
            return Solve(copy, latents.clone(), solver, stopping, trace, cancellation);
        }

        return TorchMessage.Guarded(
            () => Continue(
                map, latents, beginnings: null, solver ?? new PicardSolver(), stopping ?? new StoppingRule(), trace, cancellation));
    }

    /// <summary>
    /// Solves from a start that is checked. The beginnings are the residuals where the solve began that this one goes on from, for every
    /// sample; null where there is none.
    /// </summary>
    internal static FixedPointSolution Continue(
        FixedPointMap map,
        Tensor start,
        IReadOnlyList<double>? beginnings,
        FixedPointSolver solver,
        StoppingRule stopping,
        ResidualTrace? trace,
        CancellationToken cancellation) => solver is SolverChain chain
            ? SolveByChain(map, start, beginnings, chain.Solvers, stopping, trace, cancellation)
            : SolveByOne(map, start, beginnings, solver, stopping, trace, cancellation);

    private static FixedPointSolution SolveByChain(
        FixedPointMap map,
        Tensor start,
        IReadOnlyList<double>? beginnings,
        IReadOnlyList<FixedPointSolver> solvers,
        StoppingRule stopping,
        ResidualTrace? trace,
        CancellationToken cancellation)
    {
        FixedPointSolution solution = SolveByOne(map, start, beginnings, solvers[0], stopping, trace, cancellation);
        for (int next = 1; next < solvers.Count && !solution.Report.AllConverged; next++)
        {
            using FixedPointSolution before = solution;
            solution = Continuation.Solve(map, before, solvers[next - 1], solvers[next], stopping, trace, cancellation);
        }

        return solution;
    }

    private static FixedPointSolution SolveByOne(
        FixedPointMap map,
        Tensor start,
        IReadOnlyList<double>? beginnings,
        FixedPointSolver solver,
        StoppingRule stopping,
        ResidualTrace? trace,
        CancellationToken cancellation)
    {
        int batch = checked((int)start.shape[0]);
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        if (map.IsPerSample)
        {
            return Run(map, start, beginnings, solver, stopping, trace, cancellation);
        }

        using SingleSystemMap system = new(map);
        FixedPointSolution whole = Run(system, start.unsqueeze(0), beginnings?.Take(1).ToArray(), solver, stopping, trace, cancellation);
        Tensor latents = whole.Latent.squeeze(0).DetachFromDisposeScope();
        whole.Latent.Dispose();
        SolveReport report = new([.. Enumerable.Repeat(whole.Report.Samples[0], batch)],
            whole.Report.Evaluations * batch, hasDifferences: whole.Report.JacobianByDifferences);
        return new FixedPointSolution(latents, report, whole.Inverse?.AsSingleSystem());
    }

    private static FixedPointSolution Run(
        FixedPointMap map,
        Tensor start,
        IReadOnlyList<double>? beginnings,
        FixedPointSolver solver,
        StoppingRule stopping,
        ResidualTrace? trace,
        CancellationToken cancellation)
    {
        int batch = (int)start.shape[0];
        SampleProgress progress = new(batch, stopping, start.dtype, beginnings);
        trace?.Begin(batch);
        using MeteredMap metered = new(map);
        using BestIterates answers = new(start);
        using ActiveSet active = new(metered, start, solver);
        for (int step = 1; active.Count > 0; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            FixedPointStep measured = Attach(scope, active.Step());
            (double[] residuals, double[] ratios, double[] sizes) = ResidualMeasurement.Of(measured, stopping);
            double seconds = trace?.Seconds ?? 0;

            List<int> savedFromPrevious = [];
            List<int> savedFromCurrent = [];
            for (int position = 0; position < active.Samples.Count; position++)
            {
                int sample = active.Samples[position];
                if (active.IsFinished(position))
                {
                    continue;
                }

                trace?.Add(sample, new ResidualTraceEntry(residuals[position], ratios[position], seconds));
                bool rejected = measured.Rejected.Count > 0 && measured.Rejected[position];
                bool finished = rejected
                    ? progress.Skip(sample, step)
                    : progress.Record(sample, step, residuals[position], ratios[position], sizes[position]);
                int best = progress.BestStep(sample);
                if (best > 0 && best == step - 1)
                {
                    savedFromPrevious.Add(position);
                }
                else if (finished && best == step)
                {
                    savedFromCurrent.Add(position);
                }

                if (finished)
                {
                    active.Finish(position);
                }
            }

            active.Save(answers, active.Previous, savedFromPrevious);
            active.Save(answers, measured.Latent, savedFromCurrent);
            active.MoveOn(measured.Latent.DetachFromDisposeScope());
        }

        LowRankInverse? inverse = (active.Iteration as IFinishListener)?.TakeInverse();
        return new FixedPointSolution(
            answers.Take(), new SolveReport(progress.Samples, metered.Evaluations, hasDifferences: metered.HasDifferences), inverse);
    }

    /// <summary>The loop owns what a step hands it, also when the measurement throws.</summary>
    private static FixedPointStep Attach(DisposeScope scope, FixedPointStep step)
    {
        scope.Attach(step.Latent);
        scope.Attach(step.Residual ?? step.Mapped!);
        return step;
    }
}
