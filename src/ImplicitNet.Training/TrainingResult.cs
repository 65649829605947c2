using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.History;

namespace ImplicitNet.Training;

/// <summary>The result of a call of <see cref="Trainer.Run"/>.</summary>
public sealed record TrainingResult
{
    /// <summary>True if the training has ended; false if the run was cancelled and can be resumed.</summary>
    public bool IsComplete => Stopped != StopReason.Cancelled;

    /// <summary>Why it ended.</summary>
    public required StopReason Stopped { get; init; }

    /// <summary>The optimiser steps made in the run, including those before it was resumed.</summary>
    public required long Steps { get; init; }

    /// <summary>The epoch whose weights were chosen, from 1; 0 if none was validated.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>
    /// The score by which the task chose it, on the training data if there are none for validation; NaN if no epoch was validated.
    /// </summary>
    public required double Score { get; init; }

    /// <summary>
    /// The accuracy of that epoch on the validation data, 0 to 1; null without such data, if no epoch was validated, or for a task without
    /// right answers.
    /// </summary>
    public required double? ValidationAccuracy { get; init; }

    /// <summary>The loss of that epoch on the validation data; null without such data, or if no epoch was validated.</summary>
    public required double? ValidationLoss { get; init; }

    /// <summary>The epochs that were finished, including those before the run was resumed.</summary>
    public required IReadOnlyList<EpochRecord> Epochs { get; init; }

    /// <summary>The wall-clock seconds of training and validation, including those before the run was resumed.</summary>
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
