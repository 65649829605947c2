using System.Globalization;

namespace ImplicitNet.Cli.Reproduction;

/// <summary>Which trainings are run, for how many epochs and with which seeds, so that they end in a given time.</summary>
/// <remarks>
/// All trainings have the same epochs and seeds, so that their accuracies compare. As many of the seeds as leave five epochs to each;
/// with one seed as many epochs as fit; where not even one fits to all, the trainings last in the list are left out.
/// </remarks>
internal sealed record ReproductionPlan
{
    /// <summary>Calibrations see early epochs, whose solves take fewer steps, and other work may share the machine.</summary>
    private const double Margin = 1.25;

    // Below this, one seed with more epochs tells more than several that have hardly begun.
    private const int LeastEpochsOfSeveralSeeds = 5;

    /// <summary>Names of the trainings, in the order in which they are run.</summary>
    public required IReadOnlyList<string> Trainings { get; init; }

    /// <summary>Epochs of each.</summary>
    public required int Epochs { get; init; }

    /// <summary>Seeds of each.</summary>
    public required IReadOnlyList<long> Seeds { get; init; }

    /// <summary>What was left out for want of time, a sentence each.</summary>
    public required IReadOnlyList<string> LeftOut { get; init; }

    /// <summary>What all of it is expected to take, in seconds, the margin of a quarter included.</summary>
    public required double ExpectedSeconds { get; init; }

    /// <summary>What the trainings cost, those left out included.</summary>
    public required IReadOnlyList<TrainingCost> Costs { get; init; }

    /// <summary>Plans for a time.</summary>
    /// <param name="seconds">The time.</param>
    /// <param name="costs">The trainings, the one that matters most first; at least one.</param>
    /// <param name="seeds">The seeds that are wanted; at least one.</param>
    /// <param name="mostEpochs">More epochs than this are not planned; at least 1.</param>
    /// <returns>The plan; null where not even one epoch of the first training fits.</returns>
    /// <exception cref="ArgumentException">There is no training or no seed.</exception>
    public static ReproductionPlan? For(double seconds, IReadOnlyList<TrainingCost> costs, IReadOnlyList<long> seeds, int mostEpochs)
    {
        ArgumentNullException.ThrowIfNull(costs);
        ArgumentNullException.ThrowIfNull(seeds);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostEpochs, 1);
        if (costs.Count == 0 || seeds.Count == 0)
        {
            throw new ArgumentException(
                "A plan needs at least one training and one seed.", costs.Count == 0 ? nameof(costs) : nameof(seeds));
        }

        for (int count = seeds.Count; count > 1; count--)
        {
            int epochs = Epochs(costs, count);
            if (epochs >= Math.Min(LeastEpochsOfSeveralSeeds, mostEpochs))
            {
                return Of(costs.Count, epochs, count);
            }
        }

        for (int count = costs.Count; count > 0; count--)
        {
            int epochs = Epochs(costs.Take(count), 1);
            if (epochs >= 1)
            {
                return Of(count, epochs, 1);
            }
        }

        return null;

        int Epochs(IEnumerable<TrainingCost> trainings, int seedCount)
        {
            double left = (seconds / Margin / seedCount) - trainings.Sum(cost => cost.SecondsPerRun);
            return (int)Math.Clamp(Math.Floor(left / trainings.Sum(cost => cost.SecondsPerEpoch)), 0, mostEpochs);
        }

        ReproductionPlan Of(int trainings, int epochs, int seedCount) => new()
        {
            Trainings = [.. costs.Take(trainings).Select(cost => cost.Name)],
            Epochs = epochs,
            Seeds = [.. seeds.Take(seedCount)],
            LeftOut = [.. Missing(costs.Skip(trainings)), .. MissingSeeds([.. seeds.Skip(seedCount)])],
            ExpectedSeconds = Margin * seedCount * costs.Take(trainings).Sum(cost => Needed(cost, epochs)),
            Costs = costs,
        };
    }

    /// <summary>The least time for which there is a plan, in seconds: one epoch of the first training with one seed.</summary>
    /// <param name="costs">The trainings, the one that matters most first; at least one.</param>
    public static double LeastSeconds(IReadOnlyList<TrainingCost> costs)
    {
        ArgumentNullException.ThrowIfNull(costs);
        return Margin * Needed(costs[0], 1);
    }

    private static double Needed(TrainingCost cost, int epochs) => cost.SecondsPerRun + (epochs * cost.SecondsPerEpoch);

    private static IEnumerable<string> Missing(IEnumerable<TrainingCost> costs) => costs.Select(cost => string.Create(
        CultureInfo.InvariantCulture, $"The training {cost.Name}: an epoch of it takes about {cost.SecondsPerEpoch:0.#} s, "
            + $"and one run {cost.SecondsPerRun:0.#} s beside."));

    private static IEnumerable<string> MissingSeeds(long[] seeds) => seeds.Length == 0
        ? []
        : [$"The seed{(seeds.Length == 1 ? "" : "s")} {string.Join(", ", seeds)}: "
            + $"with {(seeds.Length == 1 ? "it" : "them")} fewer than {LeastEpochsOfSeveralSeeds} epochs would have been left to each "
            + $"run."];
}
