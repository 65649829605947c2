using System.Globalization;
using System.Text.Json;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Training.Comparisons;
using ImplicitNet.Training.Reports;
using Spectre.Console;

namespace ImplicitNet.Cli.Commands;

/// <summary>
/// All runs of a comparison, seed by seed and in a seed gradient by gradient, so that a noisy hour hurts all alike. Each is
/// a process of its own, with its own peak memory and its own compiled code; one that is complete is not run again.
/// </summary>
internal sealed class ComparisonRun(
    Terminal terminal, string output, RunSettings settings, IReadOnlyList<string> gradients, IReadOnlyList<long> seeds, CancellationToken cancellation)
{
    private readonly List<FailedRun> _failures = [];

    /// <summary>Runs what is missing, and reports on all.</summary>
    /// <returns>The exit code.</returns>
    public int Execute(bool isJson)
    {
        RunSettings[] runs = [.. seeds.SelectMany(seed => gradients.Select(gradient => (settings with { Seed = seed }).Compared(gradient)))];
        Prepare(runs);
        terminal.Tell($"[bold]Comparing[/] {Figures.Counted(gradients.Count, "gradient")} on {settings.Data}, {Figures.Counted(seeds.Count, "seed")}, {Figures.Counted(settings.Epochs, "epoch")}, {Figures.Counted(settings.Threads, "thread")}");
        terminal.Tell($"  {NetworkChoice.Words(settings)}");
        terminal.Tell($"  in {Markup.Escape(output)}");
        ComparedRun[] compared = terminal.WithBar(bar => runs.Select((run, number) => Run(run, bar, number, runs.Length)).OfType<ComparedRun>().ToArray());
        ComparisonResult result = new()
        {
            Data = settings.Data,
            Epochs = settings.Epochs,
            Threads = settings.Threads,
            Output = output,
            Gradients = compared.Length > 0 ? Report(compared) : [],
            Failures = _failures,
        };
        if (isJson)
        {
            terminal.Raw(JsonSerializer.Serialize(result, ResultJson.Default.ComparisonResult));
        }

        return _failures is [FailedRun first, ..]
            ? throw new CommandException($"{_failures.Count} of {runs.Length} runs failed; {first.Gradient} with seed {first.Seed}: {first.Message}")
            : ExitCodes.Success;
    }

    /// <summary>Writes the settings of the runs that are new, unless some that are there have others.</summary>
    private void Prepare(RunSettings[] runs)
    {
        ILookup<bool, RunSettings> isBegun = runs.ToLookup(run => File.Exists(RunSettingsFile.PathIn(Folder(run))));
        foreach (RunSettings run in isBegun[true])
        {
            RunSettingsFile.EnsureSame(RunSettingsFile.Read(Folder(run)), run);
        }

        foreach (RunSettings run in isBegun[false])
        {
            Directory.CreateDirectory(Folder(run));
            RunSettingsFile.Write(Folder(run), run);
        }
    }

    /// <summary>Null when it failed.</summary>
    private ComparedRun? Run(RunSettings run, Bar bar, int number, int count)
    {
        string folder = Folder(run);
        if (!File.Exists(ResultIn(folder)))
        {
            bar.Show((double)number / count, () => $"{run.ComparedAs}, seed {run.Seed}");
            (int code, _, string error) = OwnProcess.Run(["train", "--resume", "--quiet", "--output", folder], Watch, new Dictionary<string, string>(), cancellation);
            if (code != ExitCodes.Success)
            {
                string message = error.Length > 0 ? error.Split('\n')[0].Replace("error: ", "", StringComparison.Ordinal) : $"it ended with exit code {code}";
                _failures.Add(new FailedRun(run.ComparedAs, run.Seed, message));
                terminal.Tell($"  {run.ComparedAs,-20} seed {run.Seed,-4} [red]failed:[/] {Markup.Escape(message)}");
                return null;
            }
        }

        ComparedRun compared = Read(run, folder);
        terminal.Tell(string.Create(
            CultureInfo.InvariantCulture,
            $"  {run.ComparedAs,-20} seed {run.Seed,-4} test {Figures.Percent(compared.TestAccuracy ?? double.NaN),8}  {compared.Epochs.Average(epoch => epoch.Seconds):0.00} s an epoch"));
        return compared;

        void Watch()
        {
            int epochs = RunHistory.ReadEpochs(Path.Combine(folder, "history.jsonl")).Count;
            bar.Show((number + Math.Min(1, (double)epochs / run.Epochs)) / count, () => $"{run.ComparedAs}, seed {run.Seed}: {epochs} of {Figures.Counted(run.Epochs, "epoch")}");
        }
    }

    private static ComparedRun Read(RunSettings run, string folder)
    {
        ClassifierResult result = ClassifierResult.Read(ResultIn(folder));
        IReadOnlyList<EpochRecord> epochs = RunHistory.ReadEpochs(Path.Combine(folder, "history.jsonl"));
        return epochs.Count == run.Epochs
            ? new ComparedRun { Gradient = run.ComparedAs, Seed = run.Seed, Epochs = epochs, TestAccuracy = result.TestAccuracy }
            : throw new CommandException($"{folder}: the history has {epochs.Count} of {run.Epochs} epochs. Delete the folder to run it again.");
    }

    private IReadOnlyList<GradientSummary> Report(ComparedRun[] runs)
    {
        GradientComparison comparison = new(runs);
        IReadOnlyList<string> paths = comparison.Write(output, Heading());
        terminal.Say();
        foreach (GradientSummary summary in comparison.Summaries)
        {
            terminal.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"  {summary.Gradient,-20} test {Figures.Percent(summary.TestAccuracy?.Mean ?? double.NaN),8}  {summary.Seconds?.Mean,8:0.00} s an epoch  {summary.Evaluations?.Mean,12:N0} evaluations  {summary.Products?.Mean,12:N0} products"));
        }

        terminal.Say();
        ResultScreen.Row(terminal, "table", paths[1]);
        ResultScreen.Row(terminal, "all epochs", paths[0]);
        return comparison.Summaries;
    }

    private string Heading() => string.Create(
        CultureInfo.InvariantCulture,
        $"{settings.Data}, {NetworkChoice.Words(settings)}, {settings.Epochs} epochs, batches of {settings.Batch}, gamma {settings.Gamma}, relative tolerance {settings.Tolerance}, solver {settings.Solver}, {Figures.Counted(settings.Threads, "thread")} on {settings.Device}; mean ± standard deviation over seeds {string.Join(", ", seeds)}.")
        + (_failures.Count == 0 ? "" : $" Missing, because they failed: {string.Join(", ", _failures.Select(run => $"{run.Gradient} with seed {run.Seed}"))}.");

    private string Folder(RunSettings run) =>
        Path.Combine(output, "runs", string.Create(CultureInfo.InvariantCulture, $"{run.ComparedAs.Replace(':', '-')}-seed{run.Seed}"));

    private static string ResultIn(string folder) => Path.Combine(folder, "result.json");
}
