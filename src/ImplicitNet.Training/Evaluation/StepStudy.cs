using ImplicitNet.Solvers;

namespace ImplicitNet.Training.Evaluation;

/// <summary>What a network answers while it solves: how many samples are right after numbers of solver steps, and how each ended.</summary>
/// <param name="Steps">Numbers of steps, ascending.</param>
/// <param name="Accuracy">The share of samples that are right after so many, 0 to 1; a sample that has finished counts as it ended.</param>
/// <param name="Samples">One a sample, in order.</param>
internal sealed record StepStudy(
    IReadOnlyList<int> Steps, IReadOnlyList<double> Accuracy, IReadOnlyList<StepStudy.Sample> Samples)
{
    /// <summary>How one sample ended.</summary>
    internal readonly record struct Sample(int Steps, SolveStatus Status, bool IsRight);
}
