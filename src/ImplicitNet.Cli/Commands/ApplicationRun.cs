using System.Diagnostics;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Networks;
using ImplicitNet.Reports.Comparisons;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using Spectre.Console;

namespace ImplicitNet.Cli.Commands;

/// <summary>evaluate --applications: a model after numbers of applications of R, in a table and a chart.</summary>
internal sealed class ApplicationRun(Terminal terminal, string model, string output, CancellationToken cancellation)
{
    /// <summary>Evaluates, shows, and writes the chart.</summary>
    public ApplicationResult Execute(ImplicitNetwork network, BatchSource source, IReadOnlyList<int> applications)
    {
        // Before the work: a folder that cannot be written to is told at once.
        RunFolder folder = new(output);
        long begin = Stopwatch.GetTimestamp();
        ApplicationStudy study = terminal.WithBar(bar =>
            ApplicationEvaluator.Evaluate(network, source, applications, new ShareProgress(bar, "applying R"), cancellation));
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        string[] charts = [folder.At("applications.png"), folder.At("applications.svg")];
        Chart chart =
            ApplicationChart.Create($"{source.Name}, {Display.Count(study.Samples)} images", new ApplicationSummary([study]));
        Array.ForEach(charts, path => chart.Save(path));
        terminal.Tell($"[bold]{Markup.Escape(model)}[/] on {Markup.Escape(source.Name)}, {Display.Count(study.Samples)} images");
        ApplicationScreen.Show(terminal, study);
        ResultScreen.Row(terminal, "chart", charts[0], "and .svg");
        return ApplicationResult.Of(study) with { Model = model, Charts = charts, Seconds = seconds };
    }
}
