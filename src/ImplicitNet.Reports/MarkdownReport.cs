using System.Text;
using ImplicitNet.Files;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports;

/// <summary>Writes a report in GitHub's Markdown, with its charts beside it.</summary>
internal static class MarkdownReport
{
    /// <summary>Writes the report, and into a folder charts beside it each chart as PNG and SVG, named by its title.</summary>
    /// <param name="path">The file, by custom report.md; its folder must exist.</param>
    /// <param name="content">What it says.</param>
    /// <exception cref="IOException">A file could not be written; an old one stays as it was.</exception>
    public static void Write(string path, ReportContent content)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(content);
        string charts = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "charts");
        StringBuilder text = new();
        text.Append("# ").Append(content.Title).Append("\n\n");
        Paragraphs(text, content.Summary);
        if (content.Figures.Count > 0)
        {
            foreach (KeyFigure figure in content.Figures)
            {
                text.Append("- ").Append(figure.Label).Append(": **").Append(figure.Value).Append("**")
                    .Append(figure.Note.Length > 0 ? $" ({figure.Note})" : "").Append('\n');
            }

            text.Append('\n');
        }

        foreach (ReportSection section in content.Sections)
        {
            text.Append("## ").Append(section.Heading).Append("\n\n");
            Paragraphs(text, section.Text);
            if (section.Table is { } table)
            {
                text.Append(MarkdownTable.Format(table)).Append('\n');
            }

            foreach (Chart chart in section.Charts)
            {
                Directory.CreateDirectory(charts);
                string name = Name(chart.Title);
                chart.Save(Path.Combine(charts, $"{name}.png"));
                chart.Save(Path.Combine(charts, $"{name}.svg"));
                text.Append("![").Append(chart.Title).Append("](charts/").Append(name).Append(".svg)\n\n").Append(chart.Description).Append(
                    "\n\n");
            }
        }

        AtomicFile.WriteText(path, text.ToString().TrimEnd('\n') + "\n");
    }

    /// <summary>A title as a file name: "Time of an epoch" is time-of-an-epoch.</summary>
    private static string Name(string title) => string.Join('-', title.ToLowerInvariant().Split(
        [.. title.ToLowerInvariant().Where(letter => !char.IsAsciiLetterOrDigit(letter)).Distinct()],
        StringSplitOptions.RemoveEmptyEntries));

    private static void Paragraphs(StringBuilder text, string paragraphs)
    {
        if (paragraphs.Length > 0)
        {
            text.Append(paragraphs.ReplaceLineEndings("\n")).Append("\n\n");
        }
    }
}
