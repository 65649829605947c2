using System.Text.Json.Serialization;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;

namespace ImplicitNet.Training.Checkpoints;

/// <summary>Where a run stands: all that is not a tensor. Serialised into the checkpoint's metadata.</summary>
internal sealed record TrainingPosition
{
    /// <summary>What the run was started with, name by name; null in a checkpoint of an earlier version.</summary>
    public IReadOnlyDictionary<string, string>? Identity { get; init; }

    /// <summary>Epochs finished.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps made in the epoch that is under way.</summary>
    public int StepInEpoch { get; init; }

    /// <summary>The epoch of the best weights, from 1; 0 when none has finished.</summary>
    public int BestEpoch { get; init; }

    public double BestAccuracy { get; init; }

    [JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    public double BestLoss { get; init; } = double.PositiveInfinity;

    /// <summary>Where the escalation policy stands.</summary>
    public EscalationState Escalation { get; init; }

    /// <summary>Seconds spent in the run so far.</summary>
    public double Seconds { get; init; }

    /// <summary>Seconds spent in the epoch that is under way.</summary>
    public double EpochSeconds { get; init; }

    /// <summary>Sum of the losses of the epoch's samples so far.</summary>
    public double LossSum { get; init; }

    /// <summary>The epoch's samples so far that were classified rightly.</summary>
    public long Correct { get; init; }

    /// <summary>The epoch's samples so far.</summary>
    public long Seen { get; init; }

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

    /// <summary>Whether a validation is better than the best so far: more accurate, or as accurate with a smaller loss.</summary>
    public bool IsBeatenBy(EvaluationResult validation) =>
        BestEpoch == 0 || validation.Accuracy > BestAccuracy
        || (validation.Accuracy == BestAccuracy
            && (validation.Loss < BestLoss || (double.IsNaN(BestLoss) && !double.IsNaN(validation.Loss))));

    /// <summary>The position after an epoch, at the beginning of the next.</summary>
    /// <param name="record">The epoch, validated.</param>
    /// <param name="isBest">Whether its weights are kept.</param>
    /// <param name="seconds">Spent in the run so far.</param>
    public TrainingPosition After(EpochRecord record, bool isBest, double seconds) => new()
    {
        Identity = Identity,
        Epoch = record.Epoch,
        BestEpoch = isBest ? record.Epoch : BestEpoch,
        BestAccuracy = isBest ? record.ValidationAccuracy!.Value : BestAccuracy,
        BestLoss = isBest ? record.ValidationLoss!.Value : BestLoss,
        Escalation = Escalation,
        Seconds = seconds,
        Epochs = [.. Epochs, record],
    };
}
