using ImplicitNet.Networks;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Training;

/// <summary>What a run is made of, ready for its loop; whoever made it keeps it.</summary>
internal sealed record TrainingParts
{
    public required TrainedModel Model { get; init; }

    public required TrainingTask Task { get; init; }

    public required BatchSource Train { get; init; }

    public required BatchSource? Validation { get; init; }

    public required IReadOnlyList<BatchSource> MoreValidation { get; init; }

    public required Func<BatchSource, SolveSettings, SolveSettings>? ValidationSolves { get; init; }

    public required TrainingOptions Options { get; init; }

    public required GradientProbe? Probe { get; init; }

    public required WeightAverage? Average { get; init; }

    /// <summary>Makes the steps.</summary>
    public required TrainingStep Making { get; init; }

    /// <summary>Where weights and checkpoints go.</summary>
    public required KeptRun Kept { get; init; }

    /// <summary>What the run is known by; costs a pass over the data when it is first asked for.</summary>
    public required Func<OptionNames> Identity { get; init; }

    /// <summary>Whether a checkpoint in the middle of an epoch could be gone on with.</summary>
    public required bool ResumesAnywhere { get; init; }
}
