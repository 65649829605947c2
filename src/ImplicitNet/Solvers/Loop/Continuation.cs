using ImplicitNet.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Loop;

/// <summary>Goes on with the samples that a solve left unconverged, by another solver, from the iterates returned.</summary>
internal static class Continuation
{
    /// <summary>Solves the failed samples again.</summary>
    /// <param name="context">The solve.</param>
    /// <param name="solution">What the first solver found; the caller keeps it.</param>
    /// <param name="first">The first solver.</param>
    /// <param name="second">The one to go on with.</param>
    /// <returns>All samples; each with the one of its two answers that the rule returns. The caller owns it.</returns>
    public static FixedPointSolution Solve(
        SolveContext context, FixedPointSolution solution, FixedPointSolver first, FixedPointSolver second)
    {
        (FixedPointMap map, ResidualTrace? trace) = (context.Map, context.Trace);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        SampleReport[] samples = [.. solution.Report.Samples];
        int[] failed = [.. Enumerable.Range(0, samples.Length).Where(i => samples[i].Status != SolveStatus.Converged)];

        // A coupled map is one system: it failed as a whole, and goes on as a whole.
        Tensor rows = RowIndices.Of(failed, solution.Latent.device);
        using FixedPointMap? restricted = map.IsPerSample ? map.Restrict(rows) : null;
        Tensor start = LatentLayout.SelectRows(solution.Latent, rows);
        ResidualTrace? further = trace is null ? null : new ResidualTrace();
        double[] beginnings = [.. failed.Select(sample => samples[sample].StartResidual)];
        using FixedPointSolution again = second.Solve(
            context with { Map = restricted ?? map, Start = start, Beginnings = beginnings, Trace = further });

        LatentLayout layout = LatentLayout.Of(solution.Latent);
        Tensor latents = layout.Flatten(solution.Latent).clone();
        List<int> better = [];
        List<SolverChange> changes = [.. solution.Report.Changes];
        (string from, string to) = (first.ToString(), second.ToString());
        for (int i = 0; i < failed.Length; i++)
        {
            SampleReport before = samples[failed[i]];
            SampleReport after = again.Report.Samples[i];
            bool isBetter = after.Status == SolveStatus.Converged
                || (double.IsFinite(after.Residual) && context.Stopping.Returned.Replaces(after.Residual, before.Residual));
            if (isBetter)
            {
                better.Add(i);
            }

            SampleReport kept = isBetter ? after with { BestStep = before.Steps + after.BestStep } : before;
            TolerancePart passed = after.Passed == TolerancePart.None ? before.Passed : after.Passed;
            samples[failed[i]] = kept with
            {
                Status = after.Status,
                Steps = before.Steps + after.Steps,
                StartResidual = before.StartResidual,
                Passed = passed
            };
            changes.Add(new SolverChange(failed[i], before.Steps, from, before.Status, to));
            if (i < further?.Samples.Count)
            {
                trace!.Append(failed[i], further, i);
            }
        }

        Tensor chosen = RowIndices.Of(better, latents.device);
        latents.index_copy_(0, rows.index_select(0, chosen), layout.Flatten(again.Latent.to(latents.dtype)).index_select(0, chosen));

        // A sample whose new answer is kept has the inverse there, or none; what the first solver never learned is not made up.
        int[] taken = map.IsPerSample ? [.. better.Select(i => failed[i])] : [0];
        LowRankInverse? inverse = better.Count == 0
            ? solution.Inverse?.Merged(null, [], [])
            : solution.Inverse?.Merged(again.Inverse, map.IsPerSample ? better : [0], taken);
        SolveReport report = new(
            samples,
            solution.Report.Evaluations + again.Report.Evaluations,
            changes,
            solution.Report.JacobianByDifferences || again.Report.JacobianByDifferences);
        return new FixedPointSolution(layout.Restore(latents).DetachFromDisposeScope(), report, inverse);
    }
}
