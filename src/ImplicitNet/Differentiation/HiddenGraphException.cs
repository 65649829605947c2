namespace ImplicitNet.Differentiation;

/// <summary>A map's value depends on u and its graph does not: there is nothing to differentiate. Callers see its base type.</summary>
/// <param name="message">What it may be, and what to do.</param>
internal sealed class HiddenGraphException(string message) : InvalidOperationException(message);
