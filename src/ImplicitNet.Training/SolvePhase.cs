namespace ImplicitNet.Training;

/// <summary>A part of the solves of one training step; the next part goes on from its latents.</summary>
public readonly record struct SolvePhase
{
    /// <summary>Creates a phase that solves until convergence and has the whole loss.</summary>
    public SolvePhase()
    {
    }

    /// <summary>
    /// The most solver steps; the latents then count as they are. Null, the default: until convergence, by the layer's own rule.
    /// </summary>
    public int? Steps { get; init; }

    /// <summary>
    /// Applications of R in place of a solve, all in the graph, from where the phase starts: plain backpropagation, whatever the layer's
    /// solver and gradient are; at least 1. Null, the default: a solve. A next phase starts where this one did.
    /// </summary>
    public int? Unrolled { get; init; }

    /// <summary>
    /// Share of this phase's loss in the loss of the step, in units of the other phases' shares; default 1. With 0 the phase only advances
    /// the latents, without a graph.
    /// </summary>
    public double LossWeight { get; init; } = 1;
}
