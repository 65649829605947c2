namespace ImplicitNet.Operators;

/// <summary>What is known of one layer.</summary>
/// <param name="Value">An upper bound of its Lipschitz constant from L2 to L2 over one sample; NaN where there is none.</param>
/// <param name="Output">The shape of an output without its batch; null where it is not known.</param>
/// <param name="Reason">Why there is no bound; null where there is one.</param>
internal readonly record struct LayerBound(double Value, long[]? Output, string? Reason = null)
{
    /// <summary>No bound.</summary>
    public static LayerBound None(string reason) => new(double.NaN, null, reason);

    /// <summary>A bound, where it is one.</summary>
    public static LayerBound Of(double value, long[]? output) => double.IsFinite(value) && value >= 0
        ? new LayerBound(value, output)
        : None("its weights are not finite, or no bound of them is");
}
