using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.History;

namespace ImplicitNet.Training;

/// <summary>What a call of <see cref="Trainer.Run"/> came to.</summary>
public sealed record TrainingResult
{
    /// <summary>True when the training has ended; false when the run was cancelled and can be gone on with.</summary>
    public bool IsComplete => Stopped != StopReason.Cancelled;

    /// <summary>Why it ended.</summary>
    public required StopReason Stopped { get; init; }

    /// <summary>Optimiser steps made in the run, those before a resume included.</summary>
    public required long Steps { get; init; }

    /// <summary>The epoch whose weights were chosen, from 1; 0 when none was validated.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>
    /// What chose it, as the task has it; of the training data where there are none for validation; NaN when none was validated.
    /// </summary>
    public required double Score { get; init; }

    /// <summary>
    /// Its accuracy on the validation data, 0 to 1; null without any, when none was validated, or for a task without right answers.
    /// </summary>
    public required double? ValidationAccuracy { get; init; }

    /// <summary>Its loss on the validation data; null without any, or when none was validated.</summary>
    public required double? ValidationLoss { get; init; }

    /// <summary>The epochs finished, those before a resume included.</summary>
    public required IReadOnlyList<EpochRecord> Epochs { get; init; }

    /// <summary>Wall-clock seconds of training and validation, those before a resume included.</summary>
    public required double Seconds { get; init; }

    internal static TrainingResult Of(TrainingPosition position, long steps, StopReason stopped, bool hasValidation) => new()
    {
        Stopped = stopped,
        Steps = steps,
        BestEpoch = position.BestEpoch,
        Score = position.BestScore,
        ValidationAccuracy = hasValidation ? position.BestAccuracy : null,
        ValidationLoss = hasValidation && position.BestEpoch > 0 ? position.BestLoss : null,
        Epochs = position.Epochs,
        Seconds = position.Seconds,
    };
}
