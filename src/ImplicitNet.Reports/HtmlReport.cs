using System.Net;
using System.Text;
using ImplicitNet.Files;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports;

/// <summary>Writes a report as one HTML file that needs nothing else: no network, no scripts, no pictures beside it.</summary>
internal static class HtmlReport
{
    // Of charts with several panels, and of all charts on a phone: what a page has for them, so that letters have their own size.
    private const int BroadWidth = 1120;
    private const int NarrowWidth = 330;

    /// <summary>Writes the report, whole or not at all. Charts are drawn for light and for dark screens.</summary>
    /// <param name="path">The file, by custom report.html; its folder must exist.</param>
    /// <param name="content">What it says.</param>
    /// <exception cref="IOException">The file could not be written; an old one stays as it was.</exception>
    public static void Write(string path, ReportContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        AtomicFile.WriteText(path, Format(content));
    }

    private static string Format(ReportContent content)
    {
        var html = new StringBuilder();
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.Append("<title>").Append(Escape(content.Title)).Append("</title>\n<style>\n").Append(ReportStyle.Css).Append(
            "\n</style>\n</head>\n<body>\n<main>\n");
        html.Append("<h1>").Append(Escape(content.Title)).Append("</h1>\n");
        AppendText(html, content.Summary);
        AppendFigures(html, content.Figures);
        foreach (ReportSection section in content.Sections)
        {
            AppendSection(html, section);
        }

        html.Append("</main>\n</body>\n</html>\n");
        return html.ToString();
    }

    private static void AppendFigures(StringBuilder html, IReadOnlyList<KeyFigure> figures)
    {
        if (figures.Count == 0)
        {
            return;
        }

        html.Append("<dl class=\"figures\">\n");
        foreach (KeyFigure figure in figures)
        {
            html.Append("<div><dt>").Append(Escape(figure.Label)).Append("</dt><dd class=\"value\">").Append(Escape(figure.Value)).Append(
                "</dd>");
            if (figure.Note.Length > 0)
            {
                html.Append("<dd class=\"note\">").Append(Escape(figure.Note)).Append("</dd>");
            }

            html.Append("</div>\n");
        }

        html.Append("</dl>\n");
    }

    private static void AppendSection(StringBuilder html, ReportSection section)
    {
        html.Append("<section>\n<h2>").Append(Escape(section.Heading)).Append("</h2>\n");
        AppendText(html, section.Text);
        if (section.Table is { } table)
        {
            AppendTable(html, table, section.Heading);
        }

        if (section.Pictures.Count > 0)
        {
            AppendPictures(html, section.Pictures);
        }

        if (section.Charts.Count > 0)
        {
            html.Append("<div class=\"charts\">\n");
            foreach (Figure figure in section.Charts)
            {
                AppendFigure(html, figure);
            }

            html.Append("</div>\n");
        }

        if (section.Animation is { } animation)
        {
            string words = Escape(animation.Description);
            html.Append("<figure class=\"animation\"><img alt=\"").Append(words).Append("\" src=\"data:image/gif;base64,")
                .Append(Convert.ToBase64String(animation.Gif)).Append("\"><figcaption>").Append(words).Append("</figcaption></figure>\n");
        }

        html.Append("</section>\n");
    }

    private static void AppendTable(StringBuilder html, ReportTable table, string name)
    {
        bool[] isNumber = [.. Enumerable.Range(0, table.Header.Count).Select(table.IsNumeric)];

        // With a place in the order of the tabulator key: else a table wider than the screen could not be scrolled by keys.
        html.Append("<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"").Append(Escape(name)).Append("\"><table>\n<thead>");
        AppendRow(html, table.Header, "th", isNumber);
        html.Append("</thead>\n<tbody>\n");
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            AppendRow(html, row, "td", isNumber);
        }

        html.Append("</tbody>\n</table></div>\n");
    }

    private static void AppendRow(StringBuilder html, IReadOnlyList<string> cells, string element, bool[] isNumber)
    {
        html.Append("<tr>");
        for (int column = 0; column < cells.Count; column++)
        {
            html.Append('<').Append(element).Append(isNumber[column] ? " class=\"number\">" : ">");
            html.Append(Escape(cells[column])).Append("</").Append(element).Append('>');
        }

        html.Append("</tr>\n");
    }

    private static void AppendPictures(StringBuilder html, IReadOnlyList<ReportPicture> pictures)
    {
        html.Append("<ul class=\"pictures\">\n");
        foreach (ReportPicture picture in pictures)
        {
            html.Append(picture.IsWrong ? "<li class=\"wrong\">" : "<li>").Append("<img alt=\"").Append(Escape(picture.Description))
                .Append("\" src=\"data:image/png;base64,").Append(Convert.ToBase64String(picture.Png)).Append("\">");
            foreach (string line in picture.Lines)
            {
                html.Append("<span>").Append(Escape(line)).Append("</span>");
            }

            html.Append("</li>\n");
        }

        html.Append("</ul>\n");
    }

    /// <summary>Twice, for wide and for narrow screens; the style sheet shows one of them.</summary>
    private static void AppendFigure(StringBuilder html, Figure figure)
    {
        html.Append(figure.IsBroad ? "<figure class=\"broad\">\n" : "<figure>\n");
        html.Append(figure.ToElement(figure.IsBroad ? BroadWidth : Figure.StandardWidth, "wide"));
        html.Append(figure.ToElement(NarrowWidth, "narrow"));
        html.Append("<figcaption>").Append(Escape(figure.Description)).Append("</figcaption></figure>\n");
    }

    private static void AppendText(StringBuilder html, string text)
    {
        foreach (string paragraph in text.ReplaceLineEndings("\n")
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            html.Append("<p>").Append(Escape(paragraph)).Append("</p>\n");
        }
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
