namespace ImplicitNet.Training.History;

/// <summary>
/// The results of one epoch of a training run. A value that was not measured is null; one that diverged is NaN or infinite.
/// </summary>
public sealed record EpochRecord
{
    internal const string Kind = "epoch";

    private const string ScorePrefix = "Score: ";

    /// <summary>The epoch, from 1.</summary>
    public required int Epoch
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Epoch), value, "Epochs are counted from 1.");
    }

    /// <summary>Optimiser steps done by the end of the epoch, since the start of the run.</summary>
    public required long Step
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(Step), value, "At least 0 steps were done.");
    }

    /// <summary>
    /// The mean loss of the epoch's training samples that count, in the units of the task; those that the failure policy leaves out do not
    /// count. NaN if none does.
    /// </summary>
    public double? TrainLoss { get; init; }

    /// <summary>
    /// The share of the training samples that count whose answer was entirely right, 0 to 1; NaN if none counts; null for a task without
    /// right answers.
    /// </summary>
    public double? TrainAccuracy { get; init; }

    /// <summary>
    /// Mean loss per validation sample that counts, in the units of the task; null without validation, NaN if none counts.
    /// </summary>
    public double? ValidationLoss { get; init; }

    /// <summary>The share of validation samples whose answer was entirely right, 0 to 1; null for a task without right answers.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>Validation samples whose flow failed, which loss and accuracy leave out; null where there was none.</summary>
    public long? ValidationLeftOut { get; init; }

    /// <summary>
    /// What else the task measured, under the name of the data and its own, such as "train cells" or "validation cells"; for further
    /// validation data everything, such as "17x17 loss". Empty by default.
    /// </summary>
    public IReadOnlyDictionary<string, double> Scores
    {
        get;

        // Null in checkpoints of earlier versions, which are refused as that.
        init => field = value ?? new Dictionary<string, double>();
    } = new Dictionary<string, double>();

    /// <summary>The optimiser's learning rate at the end of the epoch, dimensionless.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Mean solver steps per training sample.</summary>
    public double? SolverSteps { get; init; }

    /// <summary>Wall-clock time of the epoch in seconds, validation included.</summary>
    public double? Seconds { get; init; }

    /// <summary>Map evaluations of the epoch's training solves, each counted once for every sample in it.</summary>
    public long? Evaluations { get; init; }

    /// <summary>
    /// The number of solves of training samples that did not converge, in whatever way, including those that a schedule cut short; the
    /// failure policy decides what becomes of the samples.
    /// </summary>
    public long? SolverFailures { get; init; }

    /// <summary>Products with the Jacobian or its transpose in the epoch's backward passes, counted as evaluations are.</summary>
    public long? Products { get; init; }

    /// <summary>Training samples whose adjoint solve ended without meeting its tolerance.</summary>
    public long? AdjointFailures { get; init; }

    /// <summary>Training samples that got JFB's direction instead of the one asked for.</summary>
    public long? FallBacks { get; init; }

    /// <summary>Mean cosine between the gradient trained with and the exact one, -1 to 1.</summary>
    public double? Cosine { get; init; }

    /// <summary>Where the time went.</summary>
    public EpochTimes? Times { get; init; }

    /// <summary>Largest working set of the process by the end of the epoch, in bytes.</summary>
    public long? PeakMemoryBytes { get; init; }

    /// <summary>Equal if all numbers are equal, those by name included.</summary>
    public bool Equals(EpochRecord? other)
    {
        if (other is null || Step != other.Step)
        {
            return false;
        }

        Dictionary<string, double> others = new(other.ToHistory().Values);
        IReadOnlyDictionary<string, double> own = ToHistory().Values;
        return own.Count == others.Count
            && own.All(entry => others.TryGetValue(entry.Key, out double value) && entry.Value.Equals(value));
    }

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Epoch, Step);

    /// <summary>As a record of a history.</summary>
    internal HistoryRecord ToHistory()
    {
        Dictionary<string, double> values = new() { [nameof(Epoch)] = Epoch };
        Add(nameof(TrainLoss), TrainLoss);
        Add(nameof(TrainAccuracy), TrainAccuracy);
        Add(nameof(ValidationLoss), ValidationLoss);
        Add(nameof(ValidationAccuracy), ValidationAccuracy);
        Add(nameof(ValidationLeftOut), ValidationLeftOut);
        Add(nameof(LearningRate), LearningRate);
        Add(nameof(SolverSteps), SolverSteps);
        Add(nameof(Seconds), Seconds);
        Add(nameof(Evaluations), Evaluations);
        Add(nameof(SolverFailures), SolverFailures);
        Add(nameof(Products), Products);
        Add(nameof(AdjointFailures), AdjointFailures);
        Add(nameof(FallBacks), FallBacks);
        Add(nameof(Cosine), Cosine);
        Add("ForwardSeconds", Times?.Forward);
        Add("BackwardSeconds", Times?.Backward);
        Add("OptimizerSeconds", Times?.Optimizer);
        Add("ValidationSeconds", Times?.Validation);
        Add("WaitSeconds", Times is { Wait: > 0 and var wait } ? wait : null);
        Add(nameof(PeakMemoryBytes), PeakMemoryBytes);
        foreach ((string name, double value) in Scores)
        {
            values[ScorePrefix + name] = value;
        }

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
            ValidationLeftOut = Count(nameof(ValidationLeftOut)),
            Scores = record.Values.Where(value => value.Key.StartsWith(ScorePrefix, StringComparison.Ordinal))
                .ToDictionary(value => value.Key[ScorePrefix.Length..], value => value.Value),
            LearningRate = Get(nameof(LearningRate)),
            SolverSteps = Get(nameof(SolverSteps)),
            Seconds = Get(nameof(Seconds)),
            Evaluations = Count(nameof(Evaluations)),
            SolverFailures = Count(nameof(SolverFailures)),
            Products = Count(nameof(Products)),
            AdjointFailures = Count(nameof(AdjointFailures)),
            FallBacks = Count(nameof(FallBacks)),
            Cosine = Get(nameof(Cosine)),
            Times = Get("ForwardSeconds") is { } forward
                ? new EpochTimes(
                    forward, Get("BackwardSeconds") ?? 0, Get("OptimizerSeconds") ?? 0, Get("ValidationSeconds") ?? 0,
                    Get("WaitSeconds") ?? 0)
                : null,
            PeakMemoryBytes = Count(nameof(PeakMemoryBytes)),
        };

        // Counts are far below 2^53, so a double keeps them exactly.
        long? Count(string name) => (long?)Get(name);

        double? Get(string name) => record.Values.TryGetValue(name, out double value) ? value : null;
    }
}
