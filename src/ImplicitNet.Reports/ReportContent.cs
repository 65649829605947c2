namespace ImplicitNet.Reports;

/// <summary>What a report says, apart from how it looks. All texts are plain.</summary>
internal sealed record ReportContent
{
    /// <summary>The title.</summary>
    public required string Title { get; init; }

    /// <summary>What was done and what came out, in a sentence or two; an empty line begins a new paragraph. None by default.</summary>
    public string Summary { get; init; } = "";

    /// <summary>The numbers to be seen first; none by default.</summary>
    public IReadOnlyList<KeyFigure> Figures { get; init; } = [];

    /// <summary>The parts in order, such as results, curves, settings, environment; none by default.</summary>
    public IReadOnlyList<ReportSection> Sections { get; init; } = [];
}
