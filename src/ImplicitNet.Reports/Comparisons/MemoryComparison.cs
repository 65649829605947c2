using System.Globalization;
using ImplicitNet.Files;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.History;

namespace ImplicitNet.Reports.Comparisons;

/// <summary>Peak memory of training against the steps of the solve, for several gradients.</summary>
internal sealed class MemoryComparison
{
    private const double Mebibyte = 1048576;

    private readonly (string Gradient, MemoryMeasurement[] Points)[] _byGradient;

    /// <summary>Compares measurements.</summary>
    /// <param name="measurements">At least one.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public MemoryComparison(IReadOnlyList<MemoryMeasurement> measurements)
    {
        ArgumentNullException.ThrowIfNull(measurements);
        Measurements = measurements.Count > 0
            ? measurements
            : throw new ArgumentException("A comparison needs at least one measurement.", nameof(measurements));
        _byGradient =
            [.. measurements.GroupBy(one => one.Gradient).Select(group => (group.Key, group.OrderBy(one => one.Steps).ToArray()))];
    }

    /// <summary>The measurements.</summary>
    public IReadOnlyList<MemoryMeasurement> Measurements { get; }

    /// <summary>For each gradient by how much its largest peak is above its least, as a share of that: 0.05 is 5 %.</summary>
    public IReadOnlyList<(string Gradient, double Growth)> Growth() =>
        [.. _byGradient.Select(group => (group.Gradient,
            ((double)group.Points.Max(one => one.PeakBytes) / group.Points.Min(one => one.PeakBytes)) - 1))];

    /// <summary>One row for each gradient, one column for each number of steps, in MiB.</summary>
    public ReportTable Table()
    {
        int[] steps = [.. Measurements.Select(one => one.Steps).Distinct().Order()];
        return new ReportTable(
            ["Gradient", .. steps.Select(number => string.Create(CultureInfo.InvariantCulture, $"{number} steps (MiB)")), "Growth"],
            [.. _byGradient.Zip(Growth(), (group, growth) => (IReadOnlyList<string>)
            [
                group.Gradient,
                .. steps.Select(number => group.Points.FirstOrDefault(one => one.Steps == number) is { } found
                    ? (found.PeakBytes / Mebibyte).ToString("N0", CultureInfo.InvariantCulture)
                    : "–"),
                string.Create(CultureInfo.InvariantCulture, $"{100 * growth.Growth:0.0} %"),
            ])]);
    }

    /// <summary>Peak memory over steps, both axes logarithmic: a power of the steps is a straight line.</summary>
    public Chart Chart()
    {
        ChartAxis x = LogAxis.ForValues(Measurements.Select(one => (double)one.Steps));
        ChartAxis y = LogAxis.ForValues(Measurements.Select(one => one.PeakBytes / Mebibyte));
        string description = string.Join("; ", Growth().Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Gradient}: "
            + $"grows by {100 * one.Growth:0.0} %"))) + ".";
        ChartPanel panel = new("Solver steps (for unrolled also the steps unrolled)", x, "Process, at peak (MiB)", y);
        foreach ((int i, (string gradient, MemoryMeasurement[] points)) in _byGradient.Index())
        {
            SeriesStyle style = SeriesStyle.Of(i);
            panel.Line(
                gradient, [.. points.Select(point => ((double)point.Steps, point.PeakBytes / Mebibyte))], style.Line, style.Marker);
        }

        return new Chart("Peak memory of training", description, panel);
    }

    /// <summary>Writes memory.csv, memory.md, memory.png, memory.svg and memory.html, a page of all.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <returns>The paths written.</returns>
    /// <exception cref="IOException">A file could not be written; an old one stays as it was.</exception>
    public IReadOnlyList<string> Write(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string[] paths = [.. ((string[])["csv", "md", "png", "svg", "html"]).Select(format => Path.Combine(folder, $"memory.{format}"))];
        IEnumerable<string> lines =
            Measurements.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Gradient},{one.Steps},{one.PeakBytes}\n"));
        AtomicFile.WriteText(paths[0], $"gradient,steps,peak_bytes\n{string.Concat(lines)}");
        AtomicFile.WriteText(paths[1], MarkdownTable.Format(Table()));
        Chart chart = Chart();
        chart.Save(paths[2]);
        chart.Save(paths[3]);
        HtmlReport.Write(paths[4], Content(chart));
        return paths;
    }

    private ReportContent Content(Chart chart) => new()
    {
        Title = "Peak memory of training, by gradient",
        Summary = "Each number is the largest working set of a process of its own that trains with that gradient and so many solver steps: "
            + "what grows with the steps keeps them.",
        Sections =
        [
            new() { Heading = "Peak memory", Table = Table(), Charts = [chart] },
            new() { Heading = "Environment", Table = ReportTable.OfPairs(RunEnvironment.Describe()) },
        ],
    };
}
