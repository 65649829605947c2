using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;

namespace ImplicitNet.Training;

/// <summary>Something that happened in a training run.</summary>
public abstract record TrainingEvent
{
    private TrainingEvent()
    {
    }

    /// <summary>An optimiser step was made.</summary>
    /// <param name="Step">Steps made so far in the run.</param>
    /// <param name="Steps">Steps of the whole run.</param>
    /// <param name="Epoch">The epoch, from 1.</param>
    /// <param name="StepInEpoch">Steps made so far in the epoch.</param>
    /// <param name="StepsPerEpoch">Steps of an epoch.</param>
    /// <param name="Loss">The mean loss of the batch's samples that count; NaN where none does.</param>
    /// <param name="Accuracy">
    /// Share of the epoch's samples so far that were classified rightly, of those that count, 0 to 1; NaN where none does.
    /// </param>
    /// <param name="LearningRate">The rate of the step.</param>
    /// <param name="SolverSteps">Mean solver steps of the batch's samples.</param>
    public sealed record StepFinished(
        long Step, long Steps, int Epoch, int StepInEpoch, int StepsPerEpoch, double Loss, double Accuracy, double LearningRate,
        double SolverSteps) : TrainingEvent;

    /// <summary>An epoch was trained and validated.</summary>
    /// <param name="Record">Its figures.</param>
    /// <param name="Solver">The solves of its training batches.</param>
    /// <param name="GammaCertified">The certified contraction factor after it; null when the operator certifies none.</param>
    /// <param name="IsBest">True when its weights are the best on validation so far.</param>
    public sealed record EpochFinished(EpochRecord Record, SolverTotals Solver, double? GammaCertified, bool IsBest) : TrainingEvent;

    /// <summary>A checkpoint was written.</summary>
    /// <param name="Path">The file.</param>
    /// <param name="Step">Steps made when it was.</param>
    public sealed record CheckpointWritten(string Path, long Step) : TrainingEvent;

    /// <summary>The gradient of a batch was certified, before its step was made.</summary>
    /// <param name="Step">The step, from 1.</param>
    /// <param name="Certificate">What came out.</param>
    public sealed record GradientCertified(long Step, GradientCertificate Certificate) : TrainingEvent;

    /// <summary>The escalation policy changed the gradient.</summary>
    /// <param name="Change">When, and between which places of its list.</param>
    /// <param name="Gradient">The gradient from then on.</param>
    public sealed record GradientChanged(GradientChangeRecord Change, FixedPointGradient Gradient) : TrainingEvent;
}
