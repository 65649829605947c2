using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports;

/// <summary>One line of a chart.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Points">In order; one that is not finite breaks the line.</param>
internal sealed record MeasuredSeries(string Name, IReadOnlyList<MeasuredPoint> Points);
