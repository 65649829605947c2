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

    public FlowTrace? Trace { get; init; }

    /// <summary>Bytes of states that are kept for a gradient; null: nothing is.</summary>
    public long? TapeBytes { get; init; }

    public CancellationToken Cancellation { get; init; }
}
