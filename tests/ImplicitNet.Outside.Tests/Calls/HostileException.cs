namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>What a map throws of its own will: it may come through as it is.</summary>
internal sealed class HostileException(string message) : Exception(message);
