namespace ImplicitNet.Solvers;

/// <summary>
/// Tells whether this thread is within a solve or an evaluation of a map: what a layer in there solves is a part of that, and no solve to
/// be told of.
/// </summary>
internal readonly ref struct WithinMap : IDisposable
{
    [ThreadStatic]
    private static int _depth;

    /// <summary>How many are open on this thread.</summary>
    public static int Depth => _depth;

    /// <summary>Opens one; dispose it on the same thread.</summary>
    public static WithinMap Enter()
    {
        _depth++;
        return default;
    }

    /// <inheritdoc/>
    public void Dispose() => _depth--;
}
