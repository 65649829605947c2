namespace ImplicitNet.Networks;

/// <summary>What one flow goes by: what its caller says, then what the open <see cref="SolveScope"/>s make of that.</summary>
/// <param name="Settings">How it goes.</param>
/// <param name="Tokens">Looked at before every step.</param>
internal readonly record struct FlowCall(FlowSettings Settings, AnyToken Tokens) : IDisposable
{
    /// <summary>The same, which another token cancels too.</summary>
    public FlowCall CancelledBy(CancellationToken other) => this with { Tokens = Tokens.Or(other) };

    /// <inheritdoc/>
    public void Dispose() => Tokens.Dispose();
}
