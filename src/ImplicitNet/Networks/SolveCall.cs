using ImplicitNet.Operators;

namespace ImplicitNet.Networks;

/// <summary>What one solve goes by: what its caller says, then what the open <see cref="SolveScope"/>s make of that.</summary>
/// <param name="Settings">How it solves.</param>
/// <param name="Start">Where it starts; null: its own.</param>
/// <param name="Penalty">What is estimated beside it; null: nothing.</param>
/// <param name="Tokens">Looked at before every step.</param>
internal readonly record struct SolveCall(
    SolveSettings Settings, StartingPoint? Start, JacobianPenalty? Penalty, AnyToken Tokens) : IDisposable
{
    /// <summary>The same, which another token cancels too.</summary>
    public SolveCall CancelledBy(CancellationToken other) => this with { Tokens = Tokens.Or(other) };

    /// <inheritdoc/>
    public void Dispose() => Tokens.Dispose();
}
