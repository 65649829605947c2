using System.CommandLine;
using ImplicitNet.Benchmarks.Accuracy;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Benchmarks.Commands;

/// <summary>accuracy: the time that the default training takes to a validation accuracy.</summary>
internal sealed class AccuracyCommand
{
    private const double DefaultTarget = 99.3;
    private const int LeastImages = 10;

    private static readonly long[] DefaultSeeds = [1, 2, 3];
    private static readonly RunSettings Mnist = RunKinds.DefaultsFor(DataChoice.Mnist);
    private static readonly RunSettings Drawn = RunKinds.DefaultsFor(DataChoice.Digits);

    private readonly Option<double?> _target = NumberOption.Create<double>(
        "--target",
        $"Validation accuracy to reach, in percent (default: {Display.Number(DefaultTarget, "0.##")}). "
            + $"Counted is the trainer's time of training and validation, from "
        + "the first step to the end of the validation of the epoch that reaches it. The images are in memory before, "
        + "and those of the test are not looked at.",
        new() { Above = 0, Most = 100 });

    private readonly Option<long[]?> _seeds = SeedsOption.Create(string.Join(',', DefaultSeeds));
    private readonly Option<int?> _epochs = NumberOption.Whole(
        "--epochs",
        $"Epochs at most (default: {Mnist.Epochs}; {Drawn.Epochs} of drawn digits). The learning rate falls over all of them, "
            + $"so that another number is another training from the first step on.");

    private readonly Option<bool> _allEpochs =
        new("--all-epochs") { Description = "Train all epochs, also after the target is reached; the time to it is the same." };
    private readonly Option<int?> _images =
        NumberOption.Whole("--images", "Training images to use (default: those of train).", LeastImages);
    private readonly Option<int?> _validation = NumberOption.Whole(
        "--validation", $"Images held out of training, by which the accuracy is measured (default: {Mnist.Validation}; "
            + $"{Drawn.Validation} drawn digits).", LeastImages);

    private readonly MeasurementOptions _common = new();

    public Command Create()
    {
        _seeds.Description = $"Seeds, with commas between them: one run for each, in one process, "
            + $"whose code the first compiles on its way (default: {string.Join(',', DefaultSeeds)}).";
        Command command = new("accuracy",
            "Time training with the default settings of implicitnet train until a validation accuracy is reached, once for each seed.")
        {
            _target, _seeds, _epochs, _allEpochs, _images, _validation, _common.DataDirectory,
        };
        _common.AddTo(command, hasRounds: false);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        Machine machine = _common.Begin(parsed);
        AccuracyTarget target = new(parsed.GetValue(_target) ?? DefaultTarget);
        RunSettings settings = Settings(parsed, machine);
        LoadedData data = RunData.Load(settings, Terminal.Plain(output, parsed.InvocationConfiguration.Error), CancellationToken.None);
        AccuracyMeasurement measurement = new(settings, data, target) { TrainsToTheEnd = parsed.GetValue(_allEpochs) };
        List<SeedRun> runs = [];
        foreach (long seed in parsed.GetValue(_seeds) is { Length: > 0 } given ? given : DefaultSeeds)
        {
            runs.Add(measurement.Run(seed));
            output.WriteLine(runs[^1]);
        }

        AccuracyResult result = new()
        {
            Target = target,
            Images = settings.Data == DataChoice.Mnist ? "MNIST" : "drawn digits",
            TrainingImages = data.Splits.Train.Count,
            ValidationImages = data.Splits.Validation.Count,
            Machine = machine,
            Epochs = settings.Epochs,
            Settings = RunSettingsFile.Describe(settings)
                .Where(setting => setting.Key is not ("seed" or "test-images" or "checkpoint-every")).ToDictionary(),
            Seeds = runs,
        };
        output.WriteLine(result);
        (string? json, string? markdown) = _common.FilesOf(parsed);
        ResultFiles.Write(json, new[] { result }, markdown, machine, (result.Title(), result.Table()));
        return ExitCodes.Success;
    }

    private RunSettings Settings(ParseResult parsed, Machine machine)
    {
        string? directory = parsed.GetValue(_common.DataDirectory);
        RunSettings settings = directory is null ? Drawn : Mnist;
        return settings with
        {
            DataDir = directory,
            Images = parsed.GetValue(_images) ?? settings.Images,
            Validation = parsed.GetValue(_validation) ?? settings.Validation,
            TestImages = LeastImages, // the fewest that there may be
            Threads = machine.Threads,
            Epochs = parsed.GetValue(_epochs) ?? settings.Epochs,
        };
    }
}
