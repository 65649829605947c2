namespace ImplicitNet.Training.Reports;

/// <summary>What one epoch of a training run came to. A value that was not measured is null; one that diverged is NaN or infinite.</summary>
public sealed record EpochRecord
{
    internal const string Kind = "epoch";

    /// <summary>The epoch, from 1.</summary>
    public required int Epoch
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Epoch), value, "Epochs are counted from 1.");
    }

    /// <summary>Optimiser steps done by the end of the epoch, since the begin of the run.</summary>
    public required long Step
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(Step), value, "At least 0 steps were done.");
    }

    /// <summary>Mean loss per sample over the epoch's training batches, dimensionless.</summary>
    public double? TrainLoss { get; init; }

    /// <summary>Share of training samples classified rightly, 0 to 1.</summary>
    public double? TrainAccuracy { get; init; }

    /// <summary>Mean loss per validation sample, dimensionless.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>Share of validation samples classified rightly, 0 to 1.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>The optimiser's learning rate at the end of the epoch, dimensionless.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Mean solver steps per training sample.</summary>
    public double? SolverSteps { get; init; }

    /// <summary>Wall-clock time of the epoch in seconds, validation included.</summary>
    public double? Seconds { get; init; }

    /// <summary>As a record of a history.</summary>
    internal HistoryRecord ToHistory()
    {
        Dictionary<string, double> values = new() { [nameof(Epoch)] = Epoch };
        Add(nameof(TrainLoss), TrainLoss);
        Add(nameof(TrainAccuracy), TrainAccuracy);
        Add(nameof(ValidationLoss), ValidationLoss);
        Add(nameof(ValidationAccuracy), ValidationAccuracy);
        Add(nameof(LearningRate), LearningRate);
        Add(nameof(SolverSteps), SolverSteps);
        Add(nameof(Seconds), Seconds);
        return new HistoryRecord(Kind, Step, values);

        void Add(string name, double? value)
        {
            if (value is { } number)
            {
                values[name] = number;
            }
        }
    }

    /// <summary>From a record of a history.</summary>
    internal static EpochRecord FromHistory(HistoryRecord record)
    {
        if (!record.Values.TryGetValue(nameof(Epoch), out double epoch) || !(epoch is >= 1 and <= int.MaxValue) || record.Step < 0)
        {
            throw new InvalidDataException($"The history's record of kind '{Kind}' at step {record.Step} has no epoch of at least 1.");
        }

        return new EpochRecord
        {
            Epoch = (int)epoch,
            Step = record.Step,
            TrainLoss = Get(nameof(TrainLoss)),
            TrainAccuracy = Get(nameof(TrainAccuracy)),
            ValidationLoss = Get(nameof(ValidationLoss)),
            ValidationAccuracy = Get(nameof(ValidationAccuracy)),
            LearningRate = Get(nameof(LearningRate)),
            SolverSteps = Get(nameof(SolverSteps)),
            Seconds = Get(nameof(Seconds)),
        };

        double? Get(string name) => record.Values.TryGetValue(name, out double value) ? value : null;
    }
}
