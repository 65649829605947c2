using ImplicitNet.Operators;

namespace ImplicitNet.Networks;

/// <summary>What one solve goes by: what its caller says, then what the open <see cref="SolveScope"/>s make of that.</summary>
/// <param name="Settings">How it solves.</param>
/// <param name="Start">Where it starts; null: its own.</param>
/// <param name="Penalty">What is estimated beside it; null: nothing.</param>
/// <param name="Cancellation">Looked at before every step.</param>
internal readonly record struct SolveCall(
    SolveSettings Settings, StartingPoint? Start, JacobianPenalty? Penalty, CancellationToken Cancellation) : IDisposable
{
    private CancellationTokenSource[]? Linked { get; init; }

    /// <summary>The same, which another token cancels too.</summary>
    public SolveCall CancelledBy(CancellationToken other)
    {
        if (!other.CanBeCanceled || other == Cancellation)
        {
            return this;
        }

        if (!Cancellation.CanBeCanceled)
        {
            return this with { Cancellation = other };
        }

        CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(Cancellation, other);
        return this with { Cancellation = both.Token, Linked = [.. Linked ?? [], both] };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (CancellationTokenSource source in Linked ?? [])
        {
            source.Dispose();
        }
    }
}
