using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Cli;
using ImplicitNet.Reports;

namespace ImplicitNet.Benchmarks.Accuracy;

/// <summary>The time to a validation accuracy, over several seeds.</summary>
internal sealed record AccuracyResult
{
    /// <summary>The accuracy to reach.</summary>
    public required AccuracyTarget Target { get; init; }

    /// <summary>Such as "MNIST".</summary>
    public required string Images { get; init; }

    /// <summary>Images trained on.</summary>
    public required int TrainingImages { get; init; }

    /// <summary>Images held out of training, by which the accuracy is measured.</summary>
    public required int ValidationImages { get; init; }

    /// <summary>Where it ran.</summary>
    public required Machine Machine { get; init; }

    /// <summary>Epochs at most; those over which the learning rate falls, also where a run ends before.</summary>
    public required int Epochs { get; init; }

    /// <summary>All settings that the runs share, by the names of train's options.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>The runs.</summary>
    public required IReadOnlyList<SeedRun> Seeds { get; init; }

    /// <summary>Seconds to the target of the runs that reached it; null where none did.</summary>
    public Spread? Seconds =>
        Seeds.Any(run => run.Seconds is not null) ? Spread.Of(Seeds.Select(run => run.Seconds).OfType<double>()) : null;

    /// <summary>One row for each seed.</summary>
    public ReportTable Table() =>
        new(["Seed", $"Time to {Target}", "Epoch", "Validation accuracy then", "Best validation accuracy", "An epoch"],
            [.. Seeds.Select(run => run.Cells())]);

    /// <summary>What was to be reached, and how long it took: above the table.</summary>
    public string Title() => $"Time to {Target} on validation, default training on {Data()}, "
        + $"the learning rate over {Display.Counted(Epochs, "epoch")}: {Summary()}";

    /// <summary>What was to be reached, where, and how long it took, in one line.</summary>
    public override string ToString() =>
        $"time to {Target} on validation: default training | {Data()} | {Machine} | learning rate over "
            + $"{Display.Counted(Epochs, "epoch")} | {Summary()}";

    private string Data() => $"{Images}, {Display.Count(TrainingImages)} images and {Display.Count(ValidationImages)} held out";

    private string Summary()
    {
        string seeds = Display.Counted(Seeds.Count, "seed");
        if (Seconds is not { } seconds)
        {
            return $"not reached with any of {seeds}";
        }

        int reached = Seeds.Count(run => run.Seconds is not null);
        return $"reached with {(reached == Seeds.Count ? seeds : $"{reached} of {seeds}, of which")}: "
            + $"median {Display.Measured(seconds.Median)} ({Display.Measured(seconds.Least)} to {Display.Measured(seconds.Largest)})";
    }
}
