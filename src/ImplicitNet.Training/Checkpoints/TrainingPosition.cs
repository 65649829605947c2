using System.Text.Json.Serialization;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Training.Checkpoints;

/// <summary>Where a run stands: all that is not a tensor. Serialised into the checkpoint's metadata.</summary>
internal sealed record TrainingPosition
{
    /// <summary>What the run was started with, name by name; null in a checkpoint of an earlier version.</summary>
    public IReadOnlyDictionary<string, string>? Identity { get; init; }

    /// <summary>What a checkpoint of this version has; others are refused.</summary>
    public const int CurrentVersion = 2;

    /// <summary>The version that wrote the position; 0 for the first, which did not say.</summary>
    public int Version { get; init; }

    /// <summary>How many ranks train; 0 where a checkpoint does not say. It may go on with another number.</summary>
    public int Ranks { get; init; }

    /// <summary>Epochs finished.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps made in the epoch that is under way.</summary>
    public int StepInEpoch { get; init; }

    /// <summary>The epoch of the best weights, from 1; 0 when none was validated.</summary>
    public int BestEpoch { get; init; }

    /// <summary>What the task chooses the best epoch by; NaN before there is one.</summary>
    [JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    public double BestScore { get; init; } = double.NaN;

    /// <summary>The loss of the best epoch; infinity before there is one.</summary>
    [JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    public double BestLoss { get; init; } = double.PositiveInfinity;

    /// <summary>The accuracy of the best epoch; null before there is one, or where the task has none.</summary>
    public double? BestAccuracy { get; init; }

    /// <summary>Where the escalation policy stands.</summary>
    public EscalationState Escalation { get; init; }

    /// <summary>Seconds spent in the run so far.</summary>
    public double Seconds { get; init; }

    /// <summary>Seconds spent in the epoch that is under way.</summary>
    public double EpochSeconds { get; init; }

    /// <summary>Sum of the losses of the epoch's samples so far.</summary>
    public double LossSum { get; init; }

    /// <summary>The epoch's samples so far that count.</summary>
    public long Seen { get; init; }

    /// <summary>Sums of what the task measured of them, by name.</summary>
    public IReadOnlyDictionary<string, double> ScoreSums { get; init; } = new Dictionary<string, double>();

    /// <summary>The epoch's samples by solve status, in the order of the enumeration.</summary>
    public IReadOnlyList<long> Statuses { get; init; } = [];

    public long SolverSteps { get; init; }

    public long Evaluations { get; init; }

    public long Products { get; init; }

    public long AdjointFailures { get; init; }

    public long FallBacks { get; init; }

    /// <summary>Sum of the epoch's cosines to the exact gradient so far.</summary>
    public double CosineSum { get; init; }

    /// <summary>How many cosines those are.</summary>
    public int Cosines { get; init; }

    public EpochTimes Times { get; init; }

    /// <summary>The epochs finished.</summary>
    public IReadOnlyList<EpochRecord> Epochs { get; init; } = [];

    /// <summary>Steps made in the run.</summary>
    public long StepsMade(int stepsPerEpoch) => ((long)Epoch * stepsPerEpoch) + StepInEpoch;

    /// <summary>Whether weights are better than the best so far: by the score, or by as good a score with a smaller loss.</summary>
    public bool IsBeatenBy(Score score, double value, double loss) =>
        BestEpoch == 0 || score.IsBetter(value, BestScore)
        || (value.Equals(BestScore) && (loss < BestLoss || (double.IsNaN(BestLoss) && !double.IsNaN(loss))));

    /// <summary>The position with other best weights.</summary>
    public TrainingPosition WithBest(int epoch, double score, double loss, double? accuracy) =>
        this with { BestEpoch = epoch, BestScore = score, BestLoss = loss, BestAccuracy = accuracy };

    /// <summary>The position at the beginning of the epoch under way, of which nothing counts any more.</summary>
    public TrainingPosition AtEpochStart() => StepInEpoch == 0 ? this : new()
    {
        Identity = Identity,
        Version = Version,
        Ranks = Ranks,
        Epoch = Epoch,
        BestEpoch = Math.Min(BestEpoch, Epoch),
        BestScore = BestScore,
        BestLoss = BestLoss,
        BestAccuracy = BestAccuracy,
        Escalation = Escalation,
        Seconds = Seconds,
        Epochs = Epochs,
    };

    /// <summary>The position with nothing summed of the epoch under way, under the names of what there was.</summary>
    public TrainingPosition WithoutTotals() => this with
    {
        EpochSeconds = 0,
        LossSum = 0,
        Seen = 0,
        ScoreSums = ScoreSums.ToDictionary(sum => sum.Key, _ => 0.0),
        Statuses = [],
        SolverSteps = 0,
        Evaluations = 0,
        Products = 0,
        AdjointFailures = 0,
        FallBacks = 0,
        CosineSum = 0,
        Cosines = 0,
        Times = default,
    };

    /// <summary>The position after an epoch, at the beginning of the next.</summary>
    /// <param name="record">The epoch, validated.</param>
    /// <param name="seconds">Spent in the run so far.</param>
    public TrainingPosition After(EpochRecord record, double seconds) => new()
    {
        Identity = Identity,
        Version = Version,
        Ranks = Ranks,
        Epoch = record.Epoch,
        BestEpoch = BestEpoch,
        BestScore = BestScore,
        BestLoss = BestLoss,
        BestAccuracy = BestAccuracy,
        Escalation = Escalation,
        Seconds = seconds,
        Epochs = [.. Epochs, record],
    };
}
