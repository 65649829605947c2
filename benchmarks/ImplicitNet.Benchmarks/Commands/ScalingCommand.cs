using System.CommandLine;
using System.Globalization;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Benchmarks.Scaling;
using ImplicitNet.Cli;
using ImplicitNet.Training;

namespace ImplicitNet.Benchmarks.Commands;

/// <summary>scaling: time and peak memory against one size after the other, each measurement in a process of its own.</summary>
internal sealed class ScalingCommand
{
    // The sizes of the network for MNIST; with the threads that the machine has.
    private static readonly ScalingPoint Published = new(Batch: 100, Channels: 32, Side: 9, Steps: 10, Threads: 1);

    // As the memory command has it: with a fixed threshold, what a tensor took goes back to the system with it. And managed
    // garbage is collected after 4 MiB (hexadecimal), where .NET would wait for as much as the processor's cache holds.
    private static readonly Dictionary<string, string> Allocator =
        new() { ["MALLOC_MMAP_THRESHOLD_"] = "1000000", ["DOTNET_GCgen0size"] = "400000" };

    private readonly Option<int[]> _batches = NumberListOption.Create("--batches", "Samples in a batch", [25, 50, 100, 200, 400, 800]);
    private readonly Option<int[]> _channels =
        NumberListOption.Create("--channels", "Channels of the latent", [8, 16, 32, 64, 128], most: 1024);
    private readonly Option<int[]> _sides =
        NumberListOption.Create("--sides", "Side of images and latent in pixels", [5, 9, 14, 20, 28], most: 256);
    private readonly Option<int[]> _steps =
        NumberListOption.Create("--steps", "Solver steps", [5, 10, 25, 50, 100, 250], most: ScalingTrial.MostSteps);
    private readonly Option<int[]> _threads =
        NumberListOption.Create("--threads", "Threads; the most of them serve where another size is varied", Doublings(), most: 1024);
    private readonly Option<string?> _output =
        new("--output", "-o") { Description = "Folder of table and picture (default: runs/scaling).", HelpName = "folder" };
    private readonly Option<string?> _measure = new("--measure") { Description = "Measure one point in this process.", Hidden = true };
    private readonly Option<string?> _json = new("--json") { Description = "Write all figures into this file.", HelpName = "file" };
    private readonly Option<string?> _markdown = new("--markdown") { Description = "Write the table into this file.", HelpName = "file" };

    public Command Create()
    {
        Command command = new("scaling", $"Measure time and peak memory of training by JFB and of inference against one size after the "
            + $"other, the others at {Published}.")
        {
            _batches, _channels, _sides, _steps, _threads, _output, _measure, _json, _markdown,
        };
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(_measure) is { } text)
        {
            output.WriteLine(ResultFiles.Line(ScalingTrial.Run(ResultFiles.Parse<ScalingPoint>(text))));
            return ExitCodes.Success;
        }

        RunFolder folder = new(parsed.GetValue(_output) ?? Path.Combine("runs", "scaling"));
        int[] threads = parsed.GetValue(_threads)!;
        ScalingPoint middle = Published with { Threads = threads[^1] };
        Dictionary<ScalingPoint, ScalingMeasurement> measured = [];
        ScalingAxis Axis(string name, string label, int[] values, Func<ScalingPoint, int> value, Func<int, ScalingPoint> point) =>
            new(name, label, value, [.. values.Select(number => Measure(point(number), measured, output))]);
        ScalingAxis[] axes =
        [
            Axis("batch", "Batch (samples)", parsed.GetValue(_batches)!, point => point.Batch, number => middle with { Batch = number }),
            Axis("channels", "Channels of the latent", parsed.GetValue(_channels)!, point => point.Channels,
                number => middle with { Channels = number }),
            Axis("side", "Side of the latent (pixels)", parsed.GetValue(_sides)!, point => point.Side,
                number => middle with { Side = number }),
            Axis("steps", "Solver steps", parsed.GetValue(_steps)!, point => point.Steps, number => middle with { Steps = number }),
            Axis("threads", "Threads", threads, point => point.Threads, number => middle with { Threads = number }),
        ];
        Machine machine = Machine.Current() with { Threads = middle.Threads };
        ScalingReport report = new(machine, middle, axes);
        IReadOnlyList<string> paths = report.Write(folder.Path);
        foreach (ScalingAxis axis in axes)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{axis.Name} {axis.Value(axis.Measurements[0].Point)} to {axis.Value(axis.Measurements[^1].Point)}: "
                    + $"peak memory grows by {100 * axis.MemoryGrowth:0.0} %"));
        }

        output.WriteLine(string.Join('\n', paths));
        ResultFiles.Write(parsed.GetValue(_json), axes.SelectMany(axis => axis.Measurements)
            .ToArray(), parsed.GetValue(_markdown), machine, ($"Scaling; what is not varied: {middle}", report.Table()));
        return ExitCodes.Success;
    }

    /// <summary>Measures in a process of its own, or takes what was measured at these sizes on another axis.</summary>
    private static ScalingMeasurement Measure(ScalingPoint point, Dictionary<ScalingPoint, ScalingMeasurement> measured, TextWriter output)
    {
        if (measured.TryGetValue(point, out ScalingMeasurement? known))
        {
            return known;
        }

        (int code, string line, string error) = OwnProcess.Run(
            ["scaling", "--measure", ResultFiles.Line(point)], static () =>
                { }, Allocator, CancellationToken.None, typeof(ScalingCommand).Assembly);
        if (code != ExitCodes.Success)
        {
            throw new CommandException(
                $"{point}: {(error.Length > 0 ? error.Replace("error: ", "", StringComparison.Ordinal) : $"exit code {code}")}");
        }

        ScalingMeasurement result = measured[point] = ResultFiles.Parse<ScalingMeasurement>(line);
        output.WriteLine(
            $"{point} | training step {Display.Measured(result.TrainingSeconds)}, inference {Display.Measured(result.InferenceSeconds)}, "
                + $"{Display.Mebibytes(result.PeakBytes)} at peak");
        return result;
    }

    /// <summary>1, 2, 4, ... and the cores that there are.</summary>
    private static int[] Doublings() =>
        [.. Enumerable.Range(0, 31).Select(power => 1 << power)
            .TakeWhile(threads => threads < Environment.ProcessorCount), Environment.ProcessorCount];
}
