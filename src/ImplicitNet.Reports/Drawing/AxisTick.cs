namespace ImplicitNet.Reports.Drawing;

/// <summary>A tick of an axis.</summary>
/// <param name="Position">Where it is.</param>
/// <param name="Label">What it says; empty for one that is smaller and has no line in the grid.</param>
internal readonly record struct AxisTick(double Position, string Label);
