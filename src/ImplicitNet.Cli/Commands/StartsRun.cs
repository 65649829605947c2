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

/// <summary>evaluate --starts with --output: whether agreement of starts tells right answers from wrong ones, as a chart.</summary>
internal sealed class StartsRun(Terminal terminal, string output, CancellationToken cancellation)
{
    /// <summary>Solves all samples from every start once more, shows what came of it, and writes starts.png and starts.svg.</summary>
    /// <returns>What it was.</returns>
    public StartsStudy Execute(ImplicitNetwork network, TrainingTask task, BatchSource source, SeveralStarts starts)
    {
        RunFolder folder = new(output);
        StartsStudy study = terminal.WithBar(bar => StartsStudy.Measure(
            network, task, source, starts.Points, progress: new ShareProgress(bar, "right and wrong"), cancellation: cancellation));
        Chart chart = StartsChart.Create($"Agreement of {starts.Count} starts, {source.Name}", study);
        string[] paths = [folder.At("starts.png"), folder.At("starts.svg")];
        Array.ForEach(paths, chart.Save);
        long right = study.Counts(isRight: true).Sum();
        ResultScreen.Row(
            terminal,
            "most starts",
            Display.Percent((double)right / study.Samples.Count),
            $"{Display.Count(right)} of the answers that most starts came to are right");
        ResultScreen.Row(
            terminal,
            "area",
            double.IsNaN(study.AreaUnderCurve) ? "none" : study.AreaUnderCurve.ToString("0.000", CultureInfo.InvariantCulture),
            "under the curve: 1 where agreement tells right from wrong, 0.5 where it says nothing");
        ResultScreen.Row(terminal, "chart", paths[0], "and .svg");
        return study;
    }
}
