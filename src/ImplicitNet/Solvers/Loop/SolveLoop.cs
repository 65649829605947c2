using ImplicitNet.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Loop;

/// <summary>The one loop that every iterative solver runs in.</summary>
internal static class SolveLoop
{
    /// <summary>Solves, sample by sample or, for a map that couples them, as one system.</summary>
    /// <param name="context">The solve.</param>
    /// <param name="begin">Begins the method's iteration.</param>
    /// <returns>The caller owns it.</returns>
    public static FixedPointSolution Solve(SolveContext context, Func<FixedPointMap, Tensor, FixedPointIteration> begin)
    {
        int batch = checked((int)context.Start.shape[0]);
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        if (context.Map.IsPerSample)
        {
            return Run(context, begin);
        }

        using SingleSystemMap system = new(context.Map);
        FixedPointSolution whole = Run(
            context with { Map = system, Start = context.Start.unsqueeze(0), Beginnings = context.Beginnings?.Take(1).ToArray() }, begin);
        Tensor latents = whole.Latent.squeeze(0).DetachFromDisposeScope();
        whole.Latent.Dispose();
        SolveReport report = new([.. Enumerable.Repeat(whole.Report.Samples[0], batch)],
            whole.Report.Evaluations * batch, hasDifferences: whole.Report.JacobianByDifferences, errorNorm: whole.Report.ErrorNorm);
        return new FixedPointSolution(latents, report, whole.Inverse?.AsSingleSystem());
    }

    private static FixedPointSolution Run(SolveContext context, Func<FixedPointMap, Tensor, FixedPointIteration> begin)
    {
        (Tensor start, StoppingRule stopping, ResidualTrace? trace) = (context.Start, context.Stopping, context.Trace);
        int batch = (int)start.shape[0];
        double? perResidual = context.ErrorBound?.PerUnitOf(stopping.Norm, start.numel() / Math.Max(1, batch));
        SampleProgress progress = new(batch, stopping, start.dtype, context.Beginnings, perResidual);
        trace?.Begin(batch);
        using MeteredMap metered = new(context.Map);
        using BestIterates answers = new(start);
        using ActiveSet active = new(metered, start, begin);
        using LatentWatch watch = new(stopping);
        for (int step = 1; active.Count > 0; step++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            FixedPointStep measured = Attach(scope, active.Step());
            (double[] residuals, double[] ratios, double[] sizes) = ResidualMeasurement.Of(measured, stopping);
            watch.Look(step, measured, active.Samples, progress);
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

        SolveReport report = new(progress.Samples, metered.Evaluations, hasDifferences: metered.HasDifferences,
            errorNorm: perResidual is null ? null : context.ErrorBound?.Norm);
        return new FixedPointSolution(answers.Result(), report, active.Iteration.TakeInverse());
    }

    /// <summary>The loop owns what a step hands it, also when the measurement throws.</summary>
    private static FixedPointStep Attach(DisposeScope scope, FixedPointStep step)
    {
        scope.Attach(step.Latent);
        scope.Attach(step.Residual ?? step.Mapped!);
        return step;
    }
}
