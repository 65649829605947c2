namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>A solve that wrote into the caller's start.</summary>
internal sealed class StartChangedException() : Exception("The caller's start was changed.");
