namespace ImplicitNet.Networks;

/// <summary>Several tokens of which any cancels: that of a call, and those of the scopes around it.</summary>
/// <param name="Token">Cancelled with the first of them.</param>
internal readonly record struct AnyToken(CancellationToken Token) : IDisposable
{
    private CancellationTokenSource[]? Linked { get; init; }

    /// <summary>The same and one more. What is linked is that of the result, which is to be disposed in place of this.</summary>
    public AnyToken Or(CancellationToken other)
    {
        if (!other.CanBeCanceled || other == Token)
        {
            return this;
        }

        if (!Token.CanBeCanceled)
        {
            return this with { Token = other };
        }

        CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(Token, other);
        return new AnyToken(both.Token) { Linked = [.. Linked ?? [], both] };
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
