using ImplicitNet.Reports;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What is drawn at the end of a run.</summary>
/// <param name="Files">Names in the run's folder, each with what it is, for the screen.</param>
/// <param name="Sections">What the page shows of them, behind its figures.</param>
internal sealed record RunPictures(IReadOnlyList<(string Name, string Content)> Files, IReadOnlyList<ReportSection> Sections)
{
    public static RunPictures None { get; } = new([], []);
}
