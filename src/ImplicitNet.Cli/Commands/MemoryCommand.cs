using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Gradients;
using ImplicitNet.Models;
using ImplicitNet.Reports.Comparisons;
using ImplicitNet.Training;

namespace ImplicitNet.Cli.Commands;

/// <summary>memory: what training takes at most, gradient by gradient, each measurement in a process of its own.</summary>
internal sealed class MemoryCommand(Terminal terminal, CancellationToken cancellation)
{
    private const string DefaultGradients = "jfb,neumann:3,phantom:5:0.5,refined:5,implicit:gmres,implicit:cg-normal,unrolled";
    private const string Unrolled = "unrolled";

    private static readonly int[] Steps = [10, 50, 250];

    // glibc keeps blocks below a threshold that rises with use, in pieces: up to 15 % of noise at the peak. With a fixed one,
    // below the size of a latent, what a tensor took goes back to the system with it. Others do not know the variable.
    private static readonly Dictionary<string, string> Allocator = new() { ["MALLOC_MMAP_THRESHOLD_"] = "1000000" };

    private readonly Option<string[]?> _gradients = ComparedOption.Create(DefaultGradients, withTwins: false);
    private readonly Option<string?> _output =
        new("--output", "-o") { Description = "Folder of page, table and picture (default: runs/memory).", HelpName = "folder" };
    private readonly Option<int?> _measure =
        NumberOption.Whole("--measure", "Measure in this process, with so many steps, and print bytes.", most: MemoryTrial.MostSteps);
    private readonly CommonOptions _common = new();

    public Command Create()
    {
        _measure.Hidden = true;
        string latent = $"{MemoryTrial.Batch} latents of {MemoryTrial.Channels} x {MemoryTrial.Side} x {MemoryTrial.Side}";
        Command command = new("memory", $"Measure the peak memory of training on {latent} against the solver's steps "
            + $"({string.Join(", ", Steps)}).") { _gradients, _output, _measure, _common.Threads, _common.Quiet, _common.Json };
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command, "implicitnet memory", "implicitnet memory --gradients jfb,implicit:gmres --output runs/memory --json");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        terminal.IsQuiet = parsed.GetValue(_common.Quiet);
        GradientChoice[] gradients =
            [.. (parsed.GetValue(_gradients) is { Length: > 0 } named ? named : DefaultGradients.Split(',')).Select(GradientChoice.Parse)];
        if (gradients.FirstOrDefault(choice => choice.Gradient is InverseReuseGradient) is { } reuse)
        {
            throw new CommandException(
                $"--gradients {reuse.Text}: what it keeps is the memory of Broyden's solver, which takes no fixed number of steps.",
                ExitCodes.Usage);
        }

        int threads = DeviceChoice.SetThreads(parsed.GetValue(_common.Threads), terminal);
        if (parsed.GetValue(_measure) is { } steps)
        {
            terminal.Raw(MemoryTrial.Run(Fitted(gradients[0].Gradient, steps), steps).ToString(CultureInfo.InvariantCulture));
            return ExitCodes.Success;
        }

        using OutputFolder hold = OutputFolder.Take(parsed.GetValue(_output) ?? Path.Combine("runs", "memory"));
        RunFolder folder = new(hold.Path);
        terminal.Tell($"[bold]Measuring[/] the peak memory of {Display.Counted(gradients.Length, "gradient")}, "
            + $"solves of {string.Join(", ", Steps)} steps, each in a process of its own");
        MemoryMeasurement[] measurements = terminal.WithBar(bar => Steps
            .SelectMany(steps => gradients.Select(gradient => (Gradient: gradient, Steps: steps)))
            .Select((trial, number) =>
            {
                bar.Show((double)number / (Steps.Length * gradients.Length), () => $"{trial.Gradient.Text}, {trial.Steps} steps");
                return Measure(trial.Gradient, trial.Steps, threads);
            })
            .ToArray());
        MemoryComparison comparison = new(measurements);
        IReadOnlyList<string> paths = comparison.Write(folder.Path);
        ScreenTable.Show(
            terminal,
            [
                .. comparison.Table().Rows.Select(row => (string[])
                    [$"  {row[0],-20}", .. row.Skip(1).SkipLast(1).Select(cell => $" {cell,7} MiB"), $"   grows by {row[^1]}"]),
            ]);

        ResultScreen.Row(terminal, "page", paths[4]);
        ResultScreen.Row(terminal, "table", paths[1]);
        ResultScreen.Row(terminal, "picture", paths[2]);
        if (parsed.GetValue(_common.Json))
        {
            terminal.Raw(JsonSerializer.Serialize(measurements, ResultJson.Default.MemoryMeasurementArray));
        }

        return ExitCodes.Success;
    }

    private MemoryMeasurement Measure(GradientChoice gradient, int steps, int threads)
    {
        string[] arguments =
        [
            "memory", "--gradients", gradient.Text, "--measure", steps.ToString(CultureInfo.InvariantCulture), "--threads",
            threads.ToString(CultureInfo.InvariantCulture),
        ];
        (int code, string line, string error) = OwnProcess.Run(arguments, static () => { }, Allocator, cancellation);
        return code == ExitCodes.Success
            ? new MemoryMeasurement(
                gradient.Gradient is UnrolledGradient ? Unrolled : gradient.Text, steps, long.Parse(line, CultureInfo.InvariantCulture))
            : throw new CommandException($"{gradient.Text} with {steps} steps: "
                + $"{(error.Length > 0 ? error.Replace("error: ", "", StringComparison.Ordinal) : $"exit code {code}")}");
    }

    /// <summary>Unrolling is measured over as many steps as the solve takes.</summary>
    private static FixedPointGradient Fitted(FixedPointGradient gradient, int steps) =>
        gradient is UnrolledGradient unrolled ? unrolled with { Steps = steps } : gradient;
}
