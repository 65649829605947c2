namespace ImplicitNet.Cli;

/// <summary>A run of a comparison that did not come to its end.</summary>
internal sealed record FailedRun(string Gradient, long Seed, string Message);
