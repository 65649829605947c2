using System.Globalization;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Cli.Commands;

/// <summary>evaluate --starts: whether agreement of starts tells right answers from wrong ones.</summary>
internal sealed class StartsRun(Terminal terminal, CancellationToken cancellation)
{
    /// <summary>Solves all samples from every start.</summary>
    public StartsStudy Measure(ImplicitNetwork network, TrainingTask task, BatchSource source, SeveralStarts starts) =>
        terminal.WithBar(bar => StartsStudy.Measure(
            network, task, source, starts.Points, progress: new ShareProgress(bar, $"solving from {starts.Count} starts"),
            cancellation: cancellation));

    /// <summary>Shows what came of it.</summary>
    /// <param name="study">What came of it.</param>
    /// <param name="output">The folder where starts.png and starts.svg are drawn; null for nowhere.</param>
    /// <param name="data">What was solved, for the chart.</param>
    public void Show(StartsStudy study, string? output, string data)
    {
        long right = study.Counts(isRight: true).Sum();
        ResultScreen.Row(
            terminal,
            "most starts",
            Display.Percent((double)right / study.Samples.Count),
            $"{Display.Count(right)} of the answers that most starts came to are right");
        ResultScreen.Row(
            terminal,
            "area",
            Area(study.AreaUnderCurve),
            "under the curve: 1 where agreement tells right from wrong, 0.5 where it says nothing");
        ResultScreen.Row(terminal, "", Area(study.AreaOfProbability), "by the probability of the least sure cell of an answer");
        if (output is null)
        {
            return;
        }

        RunFolder folder = new(output);
        Chart chart = StartsChart.Create($"Agreement of {study.Starts} starts, {data}", study);
        string[] paths = [folder.At("starts.png"), folder.At("starts.svg")];
        Array.ForEach(paths, chart.Save);
        ResultScreen.Row(terminal, "chart", paths[0], "and .svg");
    }

    private static string Area(double area) => double.IsNaN(area) ? "none" : area.ToString("0.000", CultureInfo.InvariantCulture);
}
