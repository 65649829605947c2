namespace ImplicitNet.Reports.Flows;

/// <summary>The way of one sample through a plane.</summary>
/// <param name="Points">From its start to its end.</param>
/// <param name="Kind">0 or 1: which of two kinds it is of; they differ in colour.</param>
public sealed record FlowLine(IReadOnlyList<(double X, double Y)> Points, int Kind = 0);
