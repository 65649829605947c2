using ImplicitNet.Batches;
using ImplicitNet.Solvers;
using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// Solves from several starts and gives every sample the best of its answers: a converged one before any other, then the one with the
/// smallest residual, then the earlier one.
/// </summary>
/// <remarks>
/// Where a map has one fixed point that is reached from everywhere, this costs one solve per start and changes nothing but rounding. Where
/// it has several, a small residual does not say which one is right: measure with <c>PathIndependence</c>. A map that couples its samples
/// is one system with one answer. The report's statuses, residuals and steps are those of the answers, its evaluations those of all solves;
/// a trace is that of the first. For layers deep inside a model: <c>new SolveScope(s => s with { Solver = new BestOfStarts { ... } })</c>.
/// </remarks>
public sealed record BestOfStarts : FixedPointSolver
{
    /// <summary>
    /// The method that solves from each start; default <see cref="PicardSolver"/>; it cannot be a <see cref="BestOfStarts"/> itself.
    /// </summary>
    public FixedPointSolver Solver
    {
        get;
        init => field = value is null ? throw new ArgumentNullException(nameof(Solver))
            : value is not BestOfStarts ? value
            : throw new ArgumentException("A best of starts solves by another solver.", nameof(Solver));
    } = new PicardSolver();

    /// <summary>
    /// The starts to try in addition to the solve's own, which is tried first; default: zero and one <see cref="RandomStart"/>.
    /// </summary>
    public IReadOnlyList<StartingPoint> Starts
    {
        get;
        init => field = value is { Count: > 0 } && !value.Contains(null!)
            ? [.. value]
            : throw new ArgumentException("At least one start beside the solve's own is needed, and none may be null.", nameof(Starts));
    } = [StartingPoint.Zero, new RandomStart()];

    /// <inheritdoc/>
    public bool Equals(BestOfStarts? other) => other is not null && Solver.Equals(other.Solver) && Starts.SequenceEqual(other.Starts);

    /// <inheritdoc/>
    public override int GetHashCode() => Starts.Aggregate(Solver.GetHashCode(), HashCode.Combine);

    /// <summary>The solver and the starts.</summary>
    public override string ToString() => $"BestOfStarts {{ Solver = {Solver}, Starts = [{string.Join(", ", Starts)}] }}";

    internal override FixedPointSolution Solve(SolveContext context)
    {
        FixedPointSolution best = Solver.Solve(context);
        foreach (StartingPoint start in Starts)
        {
            using DisposeScope scope = NewDisposeScope();
            using FixedPointSolution before = best;
            Tensor from = LatentContract.Start(start.Checked(context.Start));
            using FixedPointSolution next = Solver.Solve(context with { Start = from, Beginnings = null, Trace = null });
            best = Best(before, next, context.Map.IsPerSample);
        }

        return best;
    }

    /// <summary>Whether an answer is better than one that was found before.</summary>
    private static bool IsBetter(SampleReport next, SampleReport before)
    {
        bool converged = next.Status == SolveStatus.Converged;
        return converged != (before.Status == SolveStatus.Converged) ? converged
            : double.IsFinite(next.Residual) && !(next.Residual >= before.Residual);
    }

    private static FixedPointSolution Best(FixedPointSolution before, FixedPointSolution next, bool isPerSample)
    {
        using IDisposable noGraph = no_grad();
        SampleReport[] samples = [.. before.Report.Samples];
        int[] better = [.. Enumerable.Range(0, samples.Length).Where(i => IsBetter(next.Report.Samples[i], samples[i]))];
        foreach (int sample in better)
        {
            samples[sample] = next.Report.Samples[sample];
        }

        LatentLayout layout = LatentLayout.Of(before.Latent);
        Tensor latents = layout.Flatten(before.Latent).clone();
        Tensor rows = RowIndices.Of(better, latents.device);
        latents.index_copy_(0, rows, layout.Flatten(next.Latent).index_select(0, rows));
        int[] systems = isPerSample ? better : [.. better.Take(1)];
        SolveReport report = new(
            samples,
            before.Report.Evaluations + next.Report.Evaluations,
            [
                .. before.Report.Changes.Where(change => !better.Contains(change.Sample)),
                .. next.Report.Changes.Where(change => better.Contains(change.Sample)),
            ],
            before.Report.JacobianByDifferences || next.Report.JacobianByDifferences,
            before.Report.ErrorNorm);
        return new FixedPointSolution(
            layout.Restore(latents).DetachFromDisposeScope(), report, before.Inverse?.Merged(next.Inverse, systems, systems));
    }
}
