namespace ImplicitNet.Training;

/// <summary>A stretch of the solves of one training step; the next one goes on from its latents.</summary>
public readonly record struct SolvePhase
{
    /// <summary>Until converged, and all of the loss.</summary>
    public SolvePhase()
    {
    }

    /// <summary>
    /// Solver steps at most; the latents then count as they are. Null, the default: until converged, by the layer's own rule.
    /// </summary>
    public int? Steps { get; init; }

    /// <summary>
    /// Share of this phase's loss in the loss of the step, in units of the other phases' shares; default 1. With 0 the phase only moves the
    /// latents on: no graph is made.
    /// </summary>
    public double LossWeight { get; init; } = 1;
}
