namespace ImplicitNet.Cli.Options;

/// <summary>A radius, and how it was written.</summary>
/// <param name="Text">As it was given, by which results name it.</param>
/// <param name="Value">In L2, in pixels of [0, 1]; above 0.</param>
internal readonly record struct GivenRadius(string Text, double Value);
