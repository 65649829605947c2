namespace ImplicitNet.Reports;

/// <summary>One number that a report puts first.</summary>
/// <param name="Label">What it is, such as "Test accuracy".</param>
/// <param name="Value">The number with its unit, such as "98.9 %".</param>
/// <param name="Note">A remark below it, such as "mean of 3 seeds, deviation 0.1 %"; none by default.</param>
internal sealed record KeyFigure(string Label, string Value, string Note = "");
