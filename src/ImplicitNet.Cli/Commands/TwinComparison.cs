using System.Globalization;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Reports;
using ImplicitNet.Training.History;

namespace ImplicitNet.Cli.Commands;

/// <summary>
/// Gradients and twins at equal steps and at equal time: who is faster is given as many more samples in every epoch as the first one's time
/// allows, and who is slower as many fewer. The number of epochs and the course of the learning rate stay.
/// </summary>
internal static class TwinComparison
{
    // Then the name of the first: another first one has another time, and makes other runs.
    private const string InTheTimeOf = "-in-the-time-of-";

    // A run that takes as long to within this is the same run.
    private const double Near = 0.05;

    /// <summary>
    /// The runs that take as long as the first gradient's of their seed; none of a seed whose first one is not complete. One that is there
    /// keeps its samples: times are never measured the same twice.
    /// </summary>
    /// <param name="runs">Runs of equal steps, those of a seed together, and the first of them first.</param>
    /// <param name="samples">Samples of an epoch where the settings do not say.</param>
    /// <param name="parent">Where runs are kept.</param>
    public static NamedRun[] OfEqualTime(IReadOnlyList<NamedRun> runs, int samples, string parent)
    {
        List<NamedRun> equal = [];
        foreach (IGrouping<long, NamedRun> seed in runs.GroupBy(run => run.Settings.Seed).Where(seed => File.Exists(seed.First().Result)))
        {
            double time = Seconds(seed.First());
            foreach (NamedRun run in seed.Where(run => File.Exists(run.Result)))
            {
                int own = run.Settings.Samples ?? samples;
                double more = time / Math.Max(1e-3, Seconds(run));
                int batches = (int)Math.Clamp(Math.Round(own * more / run.Settings.Batch), 1, (1 << 30) / run.Settings.Batch);
                equal.Add(Math.Abs(more - 1) <= Near ? run : Begun(NamedRun.In(
                    parent, run.Name + InTheTimeOf + seed.First().Name, run.Settings with { Samples = batches * run.Settings.Batch })));
            }
        }

        return [.. equal];
    }

    /// <summary>What runs came to, by their names, in their order.</summary>
    public static TwinSummary[] Summaries(IEnumerable<NamedRun> runs) =>
    [
        .. runs.Where(run => File.Exists(run.Result))
            .GroupBy(run => run.Name.Split(InTheTimeOf)[0])
            .Select(group => TwinSummary.Of(group.Key, [.. group.Select(run => (RunResult.Read(run.Result), run)).Select(each =>
                (each.Item1.Parameters, each.Item1.Tests, RunHistory.ReadEpochs(each.run.History)[^1].Step, Seconds(each.run)))])),
    ];

    /// <summary>Shows a table.</summary>
    public static void Show(Terminal terminal, string title, IReadOnlyList<TwinSummary> summaries)
    {
        string[] data = Data(summaries);
        terminal.Say();
        terminal.Say($"  [bold]{title}[/]");
        ScreenTable.Show(
            terminal,
            [
                [
                    $"  [grey]{"",-14}[/]", "[grey] parameters[/]", "[grey]    steps[/]", "[grey]      time[/]",
                    .. data.Select(name => $"[grey] {name,10}[/]"),
                ],
                .. summaries.Select(each => (string[])
                [
                    $"  [bold]{each.Name,-14}[/]", $" {Display.Count(each.Parameters),10}",
                    string.Create(CultureInfo.InvariantCulture, $" {each.Steps,8:N0}"), $" {Display.Seconds(each.Seconds),9}",
                    .. data.Select(name => $" {Display.Percent(each.Accuracies.GetValueOrDefault(name) ?? double.NaN),10}"),
                ]),
            ]);
    }

    /// <summary>A part of the page, and of the file in Markdown.</summary>
    public static ReportSection Section(string title, string text, IReadOnlyList<TwinSummary> summaries)
    {
        string[] data = Data(summaries);
        return new()
        {
            Heading = title,
            Text = text,
            Table = new ReportTable(
                ["Trained as", "Parameters", "Optimiser steps", "Training time", .. data.Select(name => $"{name}, whole answers right")],
                [.. summaries.Select(each => (IReadOnlyList<string>)
                [
                    each.Name, Display.Count(each.Parameters), string.Create(CultureInfo.InvariantCulture, $"{each.Steps:N0}"),
                    Display.Seconds(each.Seconds),
                    .. data.Select(name => Display.Percent(each.Accuracies.GetValueOrDefault(name) ?? double.NaN)),
                ])]),
        };
    }

    /// <summary>With the samples that it was begun with, if it was.</summary>
    private static NamedRun Begun(NamedRun run) => !File.Exists(RunSettingsFile.PathIn(run.Folder)) ? run
        : run with { Settings = run.Settings with { Samples = RunSettingsFile.Read(run.Folder).Samples } };

    private static string[] Data(IEnumerable<TwinSummary> summaries) =>
        [.. summaries.SelectMany(each => each.Accuracies.Keys).Distinct()];

    /// <summary>Seconds of a training without its validation.</summary>
    private static double Seconds(NamedRun run) => RunHistory.ReadEpochs(run.History)
        .Sum(epoch => (epoch.Seconds ?? 0) - (epoch.Times?.Validation ?? 0));
}
