using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>What a step computed. Its tensors are in the caller's dispose scope; it owns the records of the solves.</summary>
internal sealed class StepOutcome : IDisposable
{
    /// <summary>The answer of the last phase: [batch, ...].</summary>
    public required Tensor Output { get; init; }

    /// <summary>For every sample whether it counts.</summary>
    public required IReadOnlyList<bool> Included { get; init; }

    /// <summary>The mean loss of the samples that count, without penalties; NaN where none does.</summary>
    public required double Loss { get; init; }

    /// <summary>
    /// What is minimised; where no sample counts null, or for one of several ranks NaN, whose gradient is 0 if no gradient reaches it.
    /// </summary>
    public required Tensor? Objective { get; init; }

    /// <summary>Whether its one sample counts for nothing and only goes the way of other ranks.</summary>
    public bool IsStandIn { get; init; }

    /// <summary>What the task measures of every sample, where that was done already.</summary>
    public IReadOnlyList<(string Name, double[] Values)>? Measured { get; set; }

    /// <summary>Samples that count.</summary>
    public int Counted => Included.Count(counts => counts);

    /// <summary>Whether that is more than the loss.</summary>
    public required bool HasPenalty { get; init; }

    /// <summary>What was solved, phase by phase.</summary>
    public required IReadOnlyList<SolveScope> Solves { get; init; }

    /// <summary>Mean solver steps of a sample, of all its solves together.</summary>
    public double MeanSteps => Solves.Sum(scope =>
        scope.Solves.Sum(solve => solve.Report.MeanSteps)
        + scope.Flows.Sum(flow => flow.Report.MeanSteps));

    /// <summary>Throws what the backward pass through a solve could not.</summary>
    public void ThrowIfFailed()
    {
        foreach (ScopedSolve solve in Solves.SelectMany(scope => scope.Solves))
        {
            solve.Gradient.ThrowIfFailed();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SolveScope scope in Solves)
        {
            scope.Dispose();
        }
    }
}
