using ImplicitNet.Solvers;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Training.Checkpoints;

/// <summary>How far a run can have come: what a position must keep to.</summary>
/// <param name="Epochs">Epochs of the run.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="SamplesPerEpoch">Samples of an epoch.</param>
/// <param name="Levels">Gradients of the escalation policy; 1 without one.</param>
internal readonly record struct PositionLimits(int Epochs, int StepsPerEpoch, int SamplesPerEpoch, int Levels)
{
    /// <summary>Steps made at a position.</summary>
    public long Step(TrainingPosition position) => position.StepsMade(StepsPerEpoch);

    /// <summary>What of a position is impossible, with its value; null where nothing is.</summary>
    public string? Fault(TrainingPosition position)
    {
        int epochs = Epochs;
        (string Name, double Value, double Least, double Most)[] ranges =
        [
            (nameof(position.Ranks), position.Ranks, 0, int.MaxValue),
            (nameof(position.Epoch), position.Epoch, 0, Epochs),
            (nameof(position.StepInEpoch), position.StepInEpoch, 0, position.Epoch == Epochs ? 0 : StepsPerEpoch - 1),
            (nameof(position.BestEpoch), position.BestEpoch, Math.Min(1, position.Epoch),
                position.Epoch + Math.Min(1, position.StepInEpoch)),
            (nameof(position.BestAccuracy), position.BestAccuracy ?? 0, 0, 1),
            ($"{nameof(position.Epochs)}.Count", position.Epochs?.Count ?? -1, position.Epoch, position.Epoch),
            (nameof(position.Seconds), position.Seconds, 0, double.MaxValue),
            (nameof(position.EpochSeconds), position.EpochSeconds, 0, double.MaxValue),
            (nameof(position.LossSum), position.LossSum, double.MinValue, double.MaxValue),
            (nameof(position.Seen), position.Seen, 0, SamplesPerEpoch),
            ($"{nameof(position.ScoreSums)}.Count", position.ScoreSums?.Count ?? -1, 0, int.MaxValue),
            (nameof(position.ScoreSums), position.ScoreSums?.GetValueOrDefault(Measurement.Accuracy) ?? -1, 0, position.Seen),
            ($"{nameof(position.Statuses)}.Count", position.Statuses?.Count ?? -1, 0, Enum.GetValues<SolveStatus>().Length),
            (nameof(position.Statuses), position.Statuses?.DefaultIfEmpty().Min() ?? -1, 0, long.MaxValue),
            (nameof(position.SolverSteps), position.SolverSteps, 0, long.MaxValue),
            (nameof(position.Evaluations), position.Evaluations, 0, long.MaxValue),
            (nameof(position.Products), position.Products, 0, long.MaxValue),
            (nameof(position.AdjointFailures), position.AdjointFailures, 0, long.MaxValue),
            (nameof(position.FallBacks), position.FallBacks, 0, long.MaxValue),
            (nameof(position.Cosines), position.Cosines, 0, int.MaxValue),
            ($"{nameof(position.Escalation)}.{nameof(position.Escalation.Level)}", position.Escalation.Level, 0, Levels - 1),
            ($"{nameof(position.Escalation)}.{nameof(position.Escalation.Raises)}", position.Escalation.Raises, 0, int.MaxValue),
            ($"{nameof(position.Escalation)}.{nameof(position.Escalation.Lowers)}", position.Escalation.Lowers, 0, int.MaxValue),
        ];
        foreach ((string name, double value, double least, double most) in ranges)
        {
            if (!(value >= least && value <= most))
            {
                return FormattableString.Invariant(
                    $"{name} is {value}, outside [{least}, {most}] (a run of {epochs} epochs of {StepsPerEpoch} steps)");
            }
        }

        int misnumbered = position.Epochs!.Select((record, index) => record?.Epoch == index + 1).ToList().IndexOf(false);
        return misnumbered < 0 ? null : FormattableString.Invariant($"its record {misnumbered + 1} is not that of epoch {misnumbered + 1}");
    }
}
