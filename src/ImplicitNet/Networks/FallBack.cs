using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// Solves the failed samples again with another solver, from their best iterates, and hands what still fails to the
/// next policy. The report adds up steps and evaluations of both solves.
/// </summary>
public sealed record FallBack : FailurePolicy
{
    /// <summary>The second solver; default <see cref="PicardSolver"/> with damping 0.5.</summary>
    public FixedPointSolver Solver
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Solver));
    } = new PicardSolver { Damping = 0.5 };

    /// <summary>What to do about samples that fail again; default <see cref="ThrowOnFailure"/>.</summary>
    public FailurePolicy Then
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Then));
    } = new ThrowOnFailure();

    /// <inheritdoc/>
    public override FixedPointSolution Handle(FixedPointMap map, FixedPointSolution solution, StoppingRule stopping)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(solution);
        if (solution.Report.AllConverged)
        {
            return solution;
        }

        FixedPointSolution second = map.IsPerSample ? SolveFailed(map, solution, stopping) : SolveAll(map, solution, stopping);
        solution.Dispose();
        try
        {
            return Then.Handle(map, second, stopping);
        }
        catch
        {
            second.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override bool Excludes(SampleReport sample) => Then.Excludes(sample);

    private FixedPointSolution SolveFailed(FixedPointMap map, FixedPointSolution solution, StoppingRule stopping)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        SampleReport[] samples = [.. solution.Report.Samples];
        long[] failed = [.. Enumerable.Range(0, samples.Length).Where(i => samples[i].Status != SolveStatus.Converged).Select(i => (long)i)];
        Tensor rows = tensor(failed, device: solution.Latent.device);
        using FixedPointMap restricted = map.Restrict(rows);
        using FixedPointSolution again = FixedPoint.Solve(restricted, LatentLayout.SelectRows(solution.Latent, rows), Solver, stopping);

        LatentLayout layout = LatentLayout.Of(solution.Latent);
        Tensor latents = layout.Flatten(solution.Latent).clone();
        List<int> better = [];
        for (int i = 0; i < failed.Length; i++)
        {
            SampleReport before = samples[failed[i]];
            SampleReport after = again.Report.Samples[i];
            bool improved = after.Status == SolveStatus.Converged || after.Residual < before.Residual;
            if (improved)
            {
                better.Add(i);
            }

            samples[failed[i]] = (improved ? after with { BestStep = before.Steps + after.BestStep } : before) with { Steps = before.Steps + after.Steps };
        }

        Tensor chosen = Answers.Indices(better, latents.device);
        latents.index_copy_(0, rows.index_select(0, chosen), layout.Flatten(again.Latent).index_select(0, chosen));
        SolveReport report = new(samples, solution.Report.Evaluations + again.Report.Evaluations);
        return new FixedPointSolution(layout.Restore(latents).DetachFromDisposeScope(), report);
    }

    private FixedPointSolution SolveAll(FixedPointMap map, FixedPointSolution solution, StoppingRule stopping)
    {
        using FixedPointSolution again = FixedPoint.Solve(map, solution.Latent, Solver, stopping);
        SampleReport[] samples = [.. again.Report.Samples.Zip(solution.Report.Samples, (after, before) => after with { Steps = before.Steps + after.Steps, BestStep = before.Steps + after.BestStep })];
        return new FixedPointSolution(again.Latent.alias().DetachFromDisposeScope(), new SolveReport(samples, solution.Report.Evaluations + again.Report.Evaluations));
    }
}
