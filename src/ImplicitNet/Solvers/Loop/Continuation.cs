using ImplicitNet.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Loop;

/// <summary>Goes on with the samples that a solve left unconverged, by another solver.</summary>
internal static class Continuation
{
    // Of the residual at the start: with less, a sample that ran out of steps was on its way.
    private const double NearShare = 1e-3;

    /// <summary>Solves the failed samples again.</summary>
    /// <param name="context">The solve.</param>
    /// <param name="solution">What the first solver found; the caller keeps it.</param>
    /// <param name="first">The first solver.</param>
    /// <param name="second">The one to go on with.</param>
    /// <param name="fromBest">
    /// Whether all go on from the iterates that the solution has; else only those that were on their way, and others begin at the start.
    /// </param>
    /// <returns>All samples; each with the one of its two answers that the rule returns. The caller owns it.</returns>
    public static FixedPointSolution Solve(
        SolveContext context, FixedPointSolution solution, FixedPointSolver first, FixedPointSolver second, bool fromBest)
    {
        (FixedPointMap map, ResidualTrace? trace) = (context.Map, context.Trace);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        SampleReport[] samples = [.. solution.Report.Samples];
        int[] failed = [.. Enumerable.Range(0, samples.Length).Where(i => samples[i].Status != SolveStatus.Converged)];

        // A coupled map is one system: it failed as a whole, and goes on as a whole.
        Tensor rows = RowIndices.Of(failed, solution.Latent.device);
        using FixedPointMap? restricted = map.IsPerSample ? map.Restrict(rows) : null;
        int[] begun = new int[samples.Length];
        foreach (SolverChange change in solution.Report.Changes)
        {
            begun[change.Sample] = change.Step;
        }

        Tensor start = Start(
            context, solution, rows, [.. failed.Select(sample => fromBest || IsUnderWay(samples[sample], begun[sample]))]);
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
            solution.Report.JacobianByDifferences || again.Report.JacobianByDifferences,
            solution.Report.ErrorNorm);
        return new FixedPointSolution(layout.Restore(latents).DetachFromDisposeScope(), report, inverse);
    }

    /// <summary>Whether a sample was on its way where the last solver ran out of steps: by an iterate of that one.</summary>
    private static bool IsUnderWay(SampleReport sample, int begun) => sample.Status == SolveStatus.MaxStepsReached
        && sample.BestStep > begun && sample.Residual <= NearShare * sample.StartResidual;

    /// <summary>Where the samples begin: at their best iterate or at the start.</summary>
    private static Tensor Start(SolveContext context, FixedPointSolution solution, Tensor rows, bool[] goesOn)
    {
        if (Array.TrueForAll(goesOn, isOn => isOn))
        {
            return LatentLayout.SelectRows(solution.Latent, rows);
        }

        Tensor start = LatentLayout.SelectRows(context.Start, rows);
        if (!goesOn.Contains(true))
        {
            return start;
        }

        long[] column = [rows.shape[0], .. Enumerable.Repeat(1L, start.shape.Length - 1)];
        return where(tensor(goesOn, device: start.device).reshape(column), LatentLayout.SelectRows(solution.Latent, rows), start);
    }
}
