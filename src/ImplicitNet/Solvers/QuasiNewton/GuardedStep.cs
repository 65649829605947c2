using static TorchSharp.torch;

namespace ImplicitNet.Solvers.QuasiNewton;

/// <summary>
/// How far every sample goes along its direction, and what it does when the direction is no good: a step of the damped
/// Picard iteration, so that no sample does much worse than that.
/// </summary>
/// <param name="Search">Shortens steps; null for full steps.</param>
/// <param name="GrowthLimit">Without a search, steps may raise the residual by this factor above the largest of the last ones.</param>
/// <param name="Damping">Share of map(u) - u in a Picard step.</param>
internal sealed record GuardedStep(LineSearch? Search, double GrowthLimit, double Damping)
{
    /// <summary>Steps over which residuals are compared.</summary>
    public int History => Search?.History ?? LineSearch.DefaultHistory;

    /// <summary>Moves every row; those that are not live go where their direction leads, and nothing more is paid for them.</summary>
    /// <param name="rows">Where the samples stand.</param>
    /// <param name="direction">[count, n].</param>
    /// <returns>The rows that took the Picard step instead.</returns>
    public IReadOnlyList<int> Move(IterateRows rows, Tensor direction)
    {
        TrialRows trial = rows.Try(rows.Latent + direction);
        double[] shares = [.. Enumerable.Repeat(1.0, trial.Norms.Length)];
        if (Search is not null)
        {
            Shorten(rows, direction, trial, shares, Search);
        }

        int[] failed = [.. Positions(rows, position => !Passes(shares[position], rows.LargestNorm(position), trial.Norms[position]))];
        int[] replaced = failed.Length == 0 ? [] : StepByMap(rows, trial, failed);
        rows.Accept(trial);
        return replaced;
    }

    private bool Passes(double share, double before, double after) =>
        Search is null ? after <= GrowthLimit * before : Search.Suffices(share, before, after);

    private static void Shorten(IterateRows rows, Tensor step, TrialRows trial, double[] shares, LineSearch search)
    {
        double[] last = [.. trial.Norms];
        for (int count = 1; count < search.MaxTrials; count++)
        {
            int[] wanting = [.. Positions(rows,
                position => !search.Suffices(shares[position], rows.LargestNorm(position), trial.Norms[position]))];
            if (wanting.Length == 0)
            {
                return;
            }

            foreach (int position in wanting)
            {
                shares[position] = LineSearch.Shorter(shares[position], rows.Norms[position], last[position]);
            }

            Tensor indices = rows.Indices(wanting);
            Tensor shorter = step.index_select(0, indices) * rows.Column([.. wanting.Select(position => shares[position])]);
            TrialRows attempt = rows.Try(rows.Latent.index_select(0, indices) + shorter, wanting);
            int[] better = [.. Enumerable.Range(0, wanting.Length).Where(i => IsBetter(attempt.Norms[i], trial.Norms[wanting[i]]))];
            for (int i = 0; i < wanting.Length; i++)
            {
                last[wanting[i]] = attempt.Norms[i];
            }

            trial.Replace(attempt, better, [.. better.Select(i => wanting[i])]);
        }
    }

    /// <summary>The Picard step, unless it too raises the residual and more than the best of the trials did.</summary>
    private int[] StepByMap(IterateRows rows, TrialRows trial, int[] failed)
    {
        Tensor indices = rows.Indices(failed);
        Tensor picard = rows.Latent.index_select(0, indices) + rows.Residual.index_select(0, indices) * Damping;
        TrialRows attempt = rows.Try(picard, failed);
        int[] taken =
        [
            .. Enumerable.Range(0, failed.Length).Where(i =>
                attempt.Norms[i] <= rows.Norms[failed[i]]
                || IsBetter(attempt.Norms[i], trial.Norms[failed[i]])
                || !double.IsFinite(trial.Norms[failed[i]])),
        ];
        int[] replaced = [.. taken.Select(i => failed[i])];
        trial.Replace(attempt, taken, replaced);
        return replaced;
    }

    private static bool IsBetter(double candidate, double current) =>
        candidate < current || (double.IsFinite(candidate) && !double.IsFinite(current));

    private static IEnumerable<int> Positions(IterateRows rows, Func<int, bool> condition) =>
        Enumerable.Range(0, rows.Norms.Length).Where(position => rows.Live[position] && condition(position));
}
