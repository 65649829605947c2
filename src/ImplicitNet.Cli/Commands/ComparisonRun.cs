using System.Globalization;
using System.Text.Json;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Comparisons;
using Spectre.Console;

namespace ImplicitNet.Cli.Commands;

/// <summary>
/// All runs of a comparison, seed by seed and in a seed gradient by gradient, so that a noisy hour hurts all alike.
/// </summary>
internal sealed class ComparisonRun(
    Terminal terminal, string output, RunSettings settings, IReadOnlyList<string> gradients, IReadOnlyList<long> seeds,
    CancellationToken cancellation)
{
    private readonly RunKind _kind = RunKinds.FixedPointsOf(settings);
    private readonly RunSeries _series = new(terminal, cancellation);

    /// <summary>Runs what is missing, and reports on all.</summary>
    /// <returns>The exit code.</returns>
    public int Execute(bool isJson)
    {
        NamedRun[] runs = [.. seeds.SelectMany(seed => gradients.Select(gradient => NamedRun.In(Path.Combine(output, "runs"), gradient,
            Twin.Of(settings with { Seed = seed }, gradient))))];
        RunSeries.Prepare(runs);
        terminal.Tell($"[bold]Comparing[/] {Display.Counted(gradients.Count, "gradient")} on {Markup.Escape(_kind.Short(settings.Data))}, "
            + $"{Display.Counted(seeds.Count, "seed")}, {Display.Counted(settings.Epochs, "epoch")}, "
            + $"{Display.Counted(settings.Threads, "thread")}");
        terminal.Tell($"  {_kind.Network(settings)}");
        terminal.Tell($"  in {Markup.Escape(output)}");
        ComparedRun[] compared = _series.Execute(runs);
        (TwinSummary[] steps, TwinSummary[] time) = _kind is GridKind ? Twins(runs) : ([], []);
        (IReadOnlyList<GradientSummary> summaries, string? page) =
            compared.Length > 0 ? Report(compared, Sections(steps, time)) : ([], null);
        if (steps.Length > 0)
        {
            TwinComparison.Show(terminal, "At equal steps", steps);
            TwinComparison.Show(terminal, "At equal time", time);
        }

        ComparisonResult result = new()
        {
            Data = settings.Data,
            Epochs = settings.Epochs,
            Threads = settings.Threads,
            Output = output,
            Gradients = summaries,
            Failures = _series.Failures,
            Page = page,
            EqualSteps = steps,
            EqualTime = time,
        };
        if (isJson)
        {
            terminal.Raw(JsonSerializer.Serialize(result, ResultJson.Default.ComparisonResult));
        }

        return _series.Failure() is { } failure ? throw failure : ExitCodes.Success;
    }

    /// <summary>What the runs came to at equal steps; and, trained once more, in the first one's time.</summary>
    private (TwinSummary[] Steps, TwinSummary[] Time) Twins(NamedRun[] runs)
    {
        NamedRun[] equal = TwinComparison.OfEqualTime(runs, GridData.Parse(settings.Data).Task.Samples, Path.Combine(output, "runs"));
        NamedRun[] again = [.. equal.Except(runs)];
        if (again.Length > 0)
        {
            RunSeries.Prepare(again);
            terminal.Tell($"Once more, each as long as {gradients[0]}:");
            _series.Execute(again);
        }

        return (TwinComparison.Summaries(runs), TwinComparison.Summaries(equal));
    }

    private static IReadOnlyList<ReportSection> Sections(TwinSummary[] steps, TwinSummary[] time) => steps.Length == 0 ? [] :
    [
        TwinComparison.Section("At equal steps", "All made the same number of optimiser steps, on the same data.", steps),
        TwinComparison.Section(
            "At equal time", "Each had the time of the first: more samples in every epoch where it is faster, fewer where it is slower.",
            time),
    ];

    private (IReadOnlyList<GradientSummary> Summaries, string Page) Report(ComparedRun[] runs, IReadOnlyList<ReportSection> sections)
    {
        GradientComparison comparison = new(runs);
        IReadOnlyList<string> paths = comparison.Write(output, Heading(), sections);
        terminal.Say();
        ScreenTable.Show(
            terminal,
            [
                .. comparison.Summaries.Select(summary => (string[])
                [
                    $"  {summary.Gradient,-20}",
                    $" {RunSeries.Came(summary.TestAccuracy?.Mean, summary.ValidationLoss?.Mean)}",
                    string.Create(CultureInfo.InvariantCulture, $"  {summary.Seconds?.Mean,8:0.00} s per epoch"),
                    string.Create(CultureInfo.InvariantCulture, $"  {summary.Evaluations?.Mean,12:N0} evaluations"),
                    string.Create(CultureInfo.InvariantCulture, $"  {summary.Products?.Mean,12:N0} products"),
                ]),
            ]);

        terminal.Say();
        ResultScreen.Row(terminal, "page", paths[^1]);
        ResultScreen.Row(terminal, "table", paths[1]);
        ResultScreen.Row(terminal, "all epochs", paths[0]);
        return (comparison.Summaries, paths[^1]);
    }

    /// <summary>What the numbers are: of one seed themselves, of several their mean and deviation.</summary>
    public static string Over(IReadOnlyList<long> seeds) =>
        $"{(seeds.Count > 1 ? "mean ± standard deviation over " : "")}{Display.Seeds(seeds)}";

    private string Heading() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_kind.Short(settings.Data)}, {_kind.Network(settings)}, {Display.Counted(settings.Epochs, "epoch")}, "
            + $"batches of {settings.Batch}, {_kind.Solve(settings)}, solver {settings.Solver}, "
            + $"{Display.Counted(settings.Threads, "thread")} on {settings.Device}; "
            + $"{Over(seeds)}.")
        + (_series.Failures.Count == 0 ? "" : $" Missing, because they failed: "
        + $"{string.Join(", ", _series.Failures.Select(run => $"{run.Gradient} with seed {run.Seed}"))}.");
}
