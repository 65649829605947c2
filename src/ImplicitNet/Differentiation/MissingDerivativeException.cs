namespace ImplicitNet.Differentiation;

/// <summary>An operation has no derivative in torch, or none of the order that was asked for. Callers see its base type.</summary>
/// <param name="message">What torch says, and what to do.</param>
internal sealed class MissingDerivativeException(string message) : InvalidOperationException(message);
