using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.History;

namespace ImplicitNet.Training;

/// <summary>What a call of <see cref="Trainer.Run"/> came to.</summary>
public sealed record TrainingResult
{
    /// <summary>True when all epochs were trained; false when the run was cancelled and can be resumed.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Optimiser steps made in the run, those before a resume included.</summary>
    public required long Steps { get; init; }

    /// <summary>The epoch whose weights were chosen on validation, from 1; 0 when none has finished.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>Its accuracy on the validation data, 0 to 1; 0 when none has finished.</summary>
    public required double ValidationAccuracy { get; init; }

    /// <summary>Its loss on the validation data; infinity when none has finished.</summary>
    public required double ValidationLoss { get; init; }

    /// <summary>The epochs finished, those before a resume included.</summary>
    public required IReadOnlyList<EpochRecord> Epochs { get; init; }

    /// <summary>Wall-clock seconds of training and validation, those before a resume included.</summary>
    public required double Seconds { get; init; }

    internal static TrainingResult Of(TrainingPosition position, long steps, bool isComplete) => new()
    {
        IsComplete = isComplete,
        Steps = steps,
        BestEpoch = position.BestEpoch,
        ValidationAccuracy = position.BestAccuracy,
        ValidationLoss = position.BestLoss,
        Epochs = position.Epochs,
        Seconds = position.Seconds,
    };
}
