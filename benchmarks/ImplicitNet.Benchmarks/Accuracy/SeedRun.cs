using ImplicitNet.Cli;
using ImplicitNet.Training.History;

namespace ImplicitNet.Benchmarks.Accuracy;

/// <summary>The training with one seed, as far as it went.</summary>
internal sealed record SeedRun
{
    /// <summary>Of the weights, the order of the images and their shifts.</summary>
    public required long Seed { get; init; }

    /// <summary>Seconds of training and validation up to the end of the epoch that reached the target; null where none did.</summary>
    public required double? Seconds { get; init; }

    /// <summary>The first epoch that reached the target, from 1; null where none did.</summary>
    public required int? Epoch { get; init; }

    /// <summary>Validation accuracy after it, 0 to 1; null where none reached the target.</summary>
    public required double? Accuracy { get; init; }

    /// <summary>The best validation accuracy of all epochs trained, 0 to 1.</summary>
    public required double BestAccuracy { get; init; }

    /// <summary>The first epoch that had it, from 1.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>Seconds of an epoch with its validation, on average.</summary>
    public required double SecondsAnEpoch { get; init; }

    /// <summary>All epochs trained.</summary>
    public required IReadOnlyList<EpochRecord> Epochs { get; init; }

    /// <summary>What the epochs of a run came to.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epochs">At least one, in order, validated and timed.</param>
    /// <param name="target">What is looked for.</param>
    public static SeedRun Of(long seed, IReadOnlyList<EpochRecord> epochs, AccuracyTarget target)
    {
        EpochRecord? reached = epochs.FirstOrDefault(epoch => target.IsReachedBy(epoch.ValidationAccuracy!.Value));
        EpochRecord best = epochs.MaxBy(epoch => epoch.ValidationAccuracy!.Value)!;
        return new SeedRun
        {
            Seed = seed,
            Seconds = reached is null ? null : epochs.TakeWhile(epoch => epoch.Epoch <= reached.Epoch).Sum(epoch => epoch.Seconds!.Value),
            Epoch = reached?.Epoch,
            Accuracy = reached?.ValidationAccuracy,
            BestAccuracy = best.ValidationAccuracy!.Value,
            BestEpoch = best.Epoch,
            SecondsAnEpoch = epochs.Average(epoch => epoch.Seconds!.Value),
            Epochs = epochs,
        };
    }

    /// <summary>What came out, in one line.</summary>
    public override string ToString() => $"seed {Seed}: {Outcome()} | best {Best()} | {Display.Measured(SecondsAnEpoch)} an epoch";

    /// <summary>
    /// The cells of a table: the seed, seconds, epoch and accuracy where it reached the target, the best accuracy, seconds an epoch.
    /// </summary>
    public IReadOnlyList<string> Cells() =>
    [
        $"{Seed}",
        Seconds is { } seconds ? Display.Measured(seconds) : "not reached",
        Epoch is { } epoch ? Display.Count(epoch) : "-",
        Accuracy is { } accuracy ? Display.Percent(accuracy) : "-",
        Best(),
        Display.Measured(SecondsAnEpoch),
    ];

    private string Outcome() => Seconds is { } seconds
        ? $"reached after {Display.Measured(seconds)}, with {Display.Percent(Accuracy!.Value)} after epoch {Epoch}"
        : $"not reached in {Display.Counted(Epochs.Count, "epoch")}";

    private string Best() => $"{Display.Percent(BestAccuracy)} after epoch {BestEpoch}";
}
