using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>A flow that is to be computed, checked.</summary>
internal sealed record FlowContext
{
    public required VectorField Field { get; init; }

    /// <summary>[batch, ...], without a graph.</summary>
    public required Tensor Start { get; init; }

    public required FlowTimes Times { get; init; }

    public required ButcherTableau Tableau { get; init; }

    public required StepController Steps { get; init; }

    public FlowEvent? Event { get; init; }

    /// <summary>What is integrated beside the state; null: nothing.</summary>
    public PenaltyRows? Penalties { get; init; }

    /// <summary>Numbers of a row that the choice of steps looks at, the first ones; null: all.</summary>
    public int? Counted { get; init; }

    public FlowTrace? Trace { get; init; }

    /// <summary>Bytes of states that are kept for a gradient; null: nothing is.</summary>
    public long? TapeBytes { get; init; }

    public CancellationToken Cancellation { get; init; }
}
