using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ImplicitNet.Reports;
using ImplicitNet.Training.History;

namespace ImplicitNet.Tests.Reports;

public sealed class HtmlReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_report_is_one_file_that_asks_for_nothing_else()
    {
        string html = Write(Full());

        Assert.Equal(["report.html"], _folder.Names);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch("(?i)(https?:|url\\(|@import|<link|<img|href=)", html);
    }

    [Fact]
    public void A_chart_is_there_for_wide_and_for_narrow_screens_and_one_of_them_is_shown()
    {
        string html = Write(Full());
        XElement[] charts = [.. Regex.Matches(html, "<svg.*?</svg>", RegexOptions.Singleline).Select(match => XElement.Parse(match.Value))];

        Assert.Equal(["wide", "narrow"], charts.Select(chart => chart.Attribute("class")!.Value));
        Assert.Equal([560, 330], charts.Select(chart => int.Parse(chart.Attribute("viewBox")!.Value.Split(' ')[2], CultureInfo.InvariantCulture)));
        Assert.All(charts, chart => Assert.StartsWith("Solver steps per sample. 3 samples", chart.Attribute("aria-label")!.Value, StringComparison.Ordinal));
        Assert.Contains("figure svg.narrow { display: none;", html, StringComparison.Ordinal);
        Assert.Contains("@media (max-width: 34rem) { figure svg.wide { display: none; } figure svg.narrow { display: block; } }", html, StringComparison.Ordinal);
        Assert.All(
            charts.SelectMany(chart => chart.Descendants()).Select(element => element.Attribute("class")?.Value).OfType<string>(),
            one => Assert.Contains($".{one}{{", html, StringComparison.Ordinal));
    }

    [Fact]
    public void A_table_that_is_too_wide_can_be_scrolled_by_keys_and_shows_an_edge()
    {
        string html = Write(Full());
        Assert.Contains("<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"Results\"><table>", html, StringComparison.Ordinal);
        Assert.Contains("linear-gradient(to left, var(--shade), transparent) right / 1.4rem 100% scroll no-repeat", html, StringComparison.Ordinal);
        Assert.DoesNotContain("th { color: var(--faint); font-weight: 600; white-space: nowrap", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_cannot_become_markup()
    {
        const string Hostile = "<script>alert('x')</script> & \"quoted\"";
        string html = Write(new ReportContent
        {
            Title = Hostile,
            Summary = Hostile,
            Figures = [new KeyFigure(Hostile, Hostile, Hostile)],
            Sections =
            [
                new ReportSection
                {
                    Heading = Hostile,
                    Text = Hostile,
                    Table = new ReportTable([Hostile], [[Hostile]]),
                    Charts = [StepHistogramChart.Create([1], Hostile)],
                },
            ],
        });

        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotContain("\"quoted\"", html, StringComparison.Ordinal);
        Assert.Equal(15, Regex.Count(html, "&lt;script&gt;"));
    }

    [Fact]
    public void Every_opened_element_is_closed_in_order()
    {
        string html = Write(Full());
        var open = new Stack<string>();
        string[] voids = ["meta", "img", "source", "!DOCTYPE"];
        foreach (Match tag in Regex.Matches(html, "<(/?)([A-Za-z0-9!]+)[^>]*>"))
        {
            string name = tag.Groups[2].Value;
            if (voids.Contains(name) || tag.Value.EndsWith("/>", StringComparison.Ordinal))
            {
                continue;
            }

            if (tag.Groups[1].Length == 0)
            {
                open.Push(name);
            }
            else
            {
                Assert.Equal(open.Pop(), name);
            }
        }

        Assert.Empty(open);
    }

    [Fact]
    public void Columns_of_numbers_are_aligned_as_numbers()
    {
        string html = Write(Full());

        Assert.Contains("<td>test</td><td class=\"number\">98.91 %</td><td class=\"number\">-0.1 (0.2)</td>", html, StringComparison.Ordinal);
        Assert.Contains("<th>Set</th><th class=\"number\">Accuracy</th>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_report_is_a_report() => Assert.Contains("<h1>Title</h1>", Write(new ReportContent { Title = "Title" }), StringComparison.Ordinal);

    [Fact]
    public void A_table_with_a_short_row_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new ReportTable(["a", "b"], [["1", "2"], ["1"]]));
        Assert.Throws<ArgumentException>(() => new ReportTable([], []));
    }

    [Fact]
    public void The_environment_names_versions_but_not_the_machine_or_its_user()
    {
        string text = string.Join('\n', RunEnvironment.Describe().Select(pair => $"{pair.Key}: {pair.Value}"));

        Assert.Contains("TorchSharp: 0.107.0", text, StringComparison.Ordinal);
        Assert.Contains($".NET: {Environment.Version}", text, StringComparison.Ordinal);
        Assert.All(RunEnvironment.Describe(), pair => Assert.False(string.IsNullOrWhiteSpace(pair.Value)));
    }

    private static ReportContent Full() => new()
    {
        Title = "A run",
        Summary = "First.\n\nSecond.",
        Figures = [new KeyFigure("Test accuracy", "98.91 %")],
        Sections =
        [
            new ReportSection
            {
                Heading = "Results",
                Table = new ReportTable(["Set", "Accuracy", "Change"], [["validation", "98.7 %", ""], ["test", "98.91 %", "-0.1 (0.2)"]]),
                Charts = [StepHistogramChart.Create([1, 2, 2])],
            },
            new ReportSection { Heading = "Settings", Table = ReportTable.OfPairs([new("Solver", "Picard")]) },
        ],
    };

    private string Write(ReportContent content)
    {
        HtmlReport.Write(_folder["report.html"], content);
        return File.ReadAllText(_folder["report.html"]);
    }
}
