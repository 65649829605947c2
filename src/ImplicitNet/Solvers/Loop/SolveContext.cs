using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Loop;

/// <summary>One solve, as it is handed to a solver: its start is checked, and everything in it stays the caller's.</summary>
internal sealed record SolveContext
{
    public required FixedPointMap Map { get; init; }

    /// <summary>u at step 0: [batch, ...].</summary>
    public required Tensor Start { get; init; }

    public required StoppingRule Stopping { get; init; }

    /// <summary>
    /// The residuals where the solve began that this one goes on from, for every sample; null where there is none.
    /// </summary>
    public IReadOnlyList<double>? Beginnings { get; init; }

    /// <summary>That of the map which the caller gave, whatever becomes of it on the way; null where none is known.</summary>
    public ErrorBound? ErrorBound { get; init; }

    /// <summary>Receives the residuals of every step, when given.</summary>
    public ResidualTrace? Trace { get; init; }

    public CancellationToken Cancellation { get; init; }
}
