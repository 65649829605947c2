using System.Globalization;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Reports.Comparisons;
using ImplicitNet.Training.History;
using Spectre.Console;

namespace ImplicitNet.Cli.Commands;

/// <summary>
/// Training runs one after the other, each in a folder and a process of its own, with its own peak memory and its own compiled code.
/// One that is complete is not run again; one that was interrupted goes on.
/// </summary>
internal sealed class RunSeries(Terminal terminal, CancellationToken cancellation)
{
    private readonly List<FailedRun> _failures = [];
    private int _count;

    /// <summary>The runs that did not come to their end.</summary>
    public IReadOnlyList<FailedRun> Failures => _failures;

    /// <summary>Writes the settings of the runs that are new, unless some that are there have others.</summary>
    /// <exception cref="CommandException">A run that is there was started with other settings; nothing is written.</exception>
    public static void Prepare(IReadOnlyList<NamedRun> runs)
    {
        ILookup<bool, NamedRun> isBegun = runs.ToLookup(run => File.Exists(RunSettingsFile.PathIn(run.Folder)));
        foreach (NamedRun run in isBegun[true])
        {
            RunSettingsFile.EnsureSame(RunSettingsFile.Read(run.Folder), run.Settings);
        }

        foreach (NamedRun run in isBegun[false])
        {
            Directory.CreateDirectory(run.Folder);
            RunSettingsFile.Write(run.Folder, run.Settings);
        }
    }

    /// <summary>Runs what is missing.</summary>
    /// <returns>The runs that are complete.</returns>
    public ComparedRun[] Execute(IReadOnlyList<NamedRun> runs)
    {
        _count += runs.Count;
        return terminal.WithBar(bar => runs.Select((run, number) => Execute(run, bar, number, runs.Count)).OfType<ComparedRun>().ToArray());
    }

    /// <summary>The error for what failed.</summary>
    public CommandException? Failure() => _failures is [FailedRun first, ..]
        ? new CommandException($"{_failures.Count} of {_count} runs failed; {first.Gradient} with seed {first.Seed}: {first.Message}")
        : null;

    /// <summary>Null when it failed.</summary>
    private ComparedRun? Execute(NamedRun run, Bar bar, int number, int count)
    {
        long seed = run.Settings.Seed;
        if (!File.Exists(run.Result))
        {
            bar.Show((double)number / count, () => $"{run.Name}, seed {seed}");
            (int code, _, string error) = OwnProcess.Run(
                ["train", "--resume", "--quiet", "--output", run.Folder], Watch, new Dictionary<string, string>(), cancellation);
            if (code != ExitCodes.Success)
            {
                string message = error.Length > 0
                    ? error.Split('\n')[0].Replace("error: ", "", StringComparison.Ordinal)
                    : $"it ended with exit code {code}";
                _failures.Add(new FailedRun(run.Name, seed, message));
                terminal.Tell($"  {run.Name,-20} seed {seed,-4} [red]failed:[/] {Markup.Escape(message)}");
                return null;
            }
        }

        ComparedRun compared = Read(run);
        terminal.Tell(string.Create(
            CultureInfo.InvariantCulture,
            $"  {run.Name,-20} seed {seed,-4} {Came(compared.TestAccuracy, compared.ValidationLoss)}  "
                + $"{compared.Epochs.Average(epoch => epoch.Seconds):0.00} s per epoch"));
        return compared;

        void Watch()
        {
            int epochs = RunHistory.ReadEpochs(run.History).Count;
            bar.Show(
                (number + Math.Min(1, (double)epochs / run.Settings.Epochs)) / count,
                () => $"{run.Name}, seed {seed}: {epochs} of {Display.Counted(run.Settings.Epochs, "epoch")}");
        }
    }

    /// <summary>What one or several runs came to: their accuracy on test data, or their loss where no answer is right or wrong.</summary>
    public static string Came(double? accuracy, double? loss) =>
        accuracy is null && loss is { } value ? $"val loss {Display.Loss(value),7}" : $"test {Display.Percent(accuracy ?? double.NaN),8}";

    private static ComparedRun Read(NamedRun run)
    {
        RunResult result = RunResult.Read(run.Result);
        IReadOnlyList<EpochRecord> epochs = RunHistory.ReadEpochs(run.History);
        return epochs.Count == run.Settings.Epochs
            ? new ComparedRun
            {
                Gradient = run.Name,
                Seed = run.Settings.Seed,
                Epochs = epochs,
                TestAccuracy = result.TestAccuracy,
                TestLoss = result.TestLoss,
                ValidationLoss = result.ValidationLoss,
                Certificate = MeanAndDeviation.Of(
                    CertificateHistory.Read(run.History).Certificates.Select(certificate => (double?)certificate.Cosine))?.Mean,
                Parameters = result.Parameters,
            }
            : throw new CommandException(
                $"{run.Folder}: the history has {epochs.Count} of {run.Settings.Epochs} epochs. Delete the folder to run it again.");
    }
}
