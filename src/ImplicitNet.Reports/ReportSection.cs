using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports;

/// <summary>A part of a report: a heading, and below it text, a table and charts, each where given.</summary>
internal sealed record ReportSection
{
    /// <summary>The heading.</summary>
    public required string Heading { get; init; }

    /// <summary>Plain text; an empty line begins a new paragraph. None by default.</summary>
    public string Text { get; init; } = "";

    /// <summary>A table; none by default.</summary>
    public ReportTable? Table { get; init; }

    /// <summary>Small pictures side by side; none by default.</summary>
    public IReadOnlyList<ReportPicture> Pictures { get; init; } = [];

    /// <summary>Charts and other figures; none by default.</summary>
    public IReadOnlyList<Figure> Charts { get; init; } = [];

    /// <summary>A moving picture behind them; none by default.</summary>
    public ReportAnimation? Animation { get; init; }
}
