using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Optimizers;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Training;

/// <summary>Something that happened in a training run.</summary>
public abstract record TrainingEvent
{
    private TrainingEvent()
    {
    }

    /// <summary>Something worth knowing, reported when a run begins or after its first epoch.</summary>
    /// <param name="Message">One line.</param>
    public sealed record Notice(string Message) : TrainingEvent
    {
        /// <summary>That a run resumes at whole epochs alone.</summary>
        /// <param name="optimizer">Where it is the optimiser that cannot be kept.</param>
        /// <param name="source">Otherwise the data are why.</param>
        internal static Notice OfWholeEpochs(TrainingOptimizer? optimizer, BatchSource source) => new(
            "An interrupted run goes on from its last whole epoch: "
            + (optimizer is null
                ? $"the batches of {source.Name} are no function of seed, epoch and index."
                : $"what {optimizer.GetType().Name} remembers is not part of a checkpoint."));

        /// <summary>That another number of ranks goes on.</summary>
        internal static Notice OfRanks(int before, int now) => new(
            FormattableString.Invariant($"The checkpoint was written by {before} {(before == 1 ? "rank" : "ranks")}, ")
            + FormattableString.Invariant($"and {now} {(now == 1 ? "goes" : "go")} on with it: ")
            + "sums are made in another order from here on, so the bits are others than with the same number.");

        /// <summary>That what chooses the best epoch is no number.</summary>
        internal static Notice OfNaN(Score score) => new(
            $"The score that chooses the best epoch, '{score.Name}', is NaN in the first. Any epoch with a number is better; "
            + "without one the smallest loss chooses, and without a loss the first epoch stays.");
    }

    /// <summary>An optimiser step was made.</summary>
    /// <param name="Step">Steps made so far in the run.</param>
    /// <param name="Steps">Steps of the whole run.</param>
    /// <param name="Epoch">The epoch, from 1.</param>
    /// <param name="StepInEpoch">Steps made so far in the epoch.</param>
    /// <param name="StepsPerEpoch">Steps of an epoch.</param>
    /// <param name="Loss">
    /// The mean loss of the batch's samples that count, with the weights of the phases of the solve; NaN if none does.
    /// </param>
    /// <param name="Accuracy">
    /// The share of the epoch's samples so far, of those that count, whose answers were entirely right, 0 to 1; NaN if none counts, or for
    /// a task without right answers.
    /// </param>
    /// <param name="LearningRate">The rate of the step.</param>
    /// <param name="SolverSteps">The mean solver steps of the batch's samples, over all its solves; 0 without a solve.</param>
    public sealed record StepFinished(
        long Step, long Steps, int Epoch, int StepInEpoch, int StepsPerEpoch, double Loss, double Accuracy, double LearningRate,
        double SolverSteps) : TrainingEvent;

    /// <summary>An epoch was trained and validated.</summary>
    /// <param name="Record">The results of the epoch.</param>
    /// <param name="Solver">The solves of its training batches.</param>
    /// <param name="GammaCertified">The largest certified contraction factor after it; null when a layer certifies none.</param>
    /// <param name="IsBest">True if its weights are the best on validation so far.</param>
    public sealed record EpochFinished(EpochRecord Record, SolverTotals Solver, double? GammaCertified, bool IsBest) : TrainingEvent;

    /// <summary>A checkpoint was written.</summary>
    /// <param name="Path">The file.</param>
    /// <param name="Step">The number of steps made by then.</param>
    public sealed record CheckpointWritten(string Path, long Step) : TrainingEvent;

    /// <summary>The gradient of a batch was certified, before its step was made.</summary>
    /// <param name="Step">The step, from 1.</param>
    /// <param name="Certificate">The certificate.</param>
    public sealed record GradientCertified(long Step, GradientCertificate Certificate) : TrainingEvent;

    /// <summary>The gradient of a batch through the flows of the model was certified, before its step was made.</summary>
    /// <param name="Step">The step, from 1.</param>
    /// <param name="Certificate">The certificate.</param>
    public sealed record FlowGradientCertified(long Step, FlowCertificate Certificate) : TrainingEvent;

    /// <summary>The escalation policy changed the gradient.</summary>
    /// <param name="Change">The step of the change, and the positions in the list before and after it.</param>
    /// <param name="Gradient">The gradient of fixed points from then on.</param>
    public sealed record GradientChanged(GradientChangeRecord Change, FixedPointGradient Gradient) : TrainingEvent
    {
        /// <summary>The gradient of flows from then on.</summary>
        public FlowGradient? FlowGradient { get; init; }
    }
}
