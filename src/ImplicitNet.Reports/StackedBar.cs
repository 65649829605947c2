namespace ImplicitNet.Reports;

/// <summary>One bar of several parts.</summary>
/// <param name="Name">What it is of.</param>
/// <param name="Parts">Their lengths; null where one was not measured.</param>
/// <param name="Deviation">That of the whole; null where there is none.</param>
internal sealed record StackedBar(string Name, IReadOnlyList<double?> Parts, double? Deviation);
