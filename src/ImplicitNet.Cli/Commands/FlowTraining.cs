using System.Text.Json;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>One training run of a network with a flow in one folder, from its data to its result and pictures.</summary>
/// <param name="terminal">Where it is told.</param>
/// <param name="output">The folder; null for a new one by data and time.</param>
/// <param name="settings">What is run.</param>
/// <param name="isJson">Whether the result is printed as JSON too.</param>
/// <param name="cancellation">Ends it with a checkpoint.</param>
internal sealed class FlowTraining(Terminal terminal, string? output, RunSettings settings, bool isJson, CancellationToken cancellation)
{
    private const string ResultFile = "result.json";

    private string _output = output ?? "";

    /// <summary>Trains, tests and draws; or tells the result only, where there is one.</summary>
    /// <returns>The exit code.</returns>
    public int Execute(bool isResumed)
    {
        if (isResumed && IsComplete())
        {
            return ExitCodes.Success;
        }

        // Before torch is loaded: a table may be wrong, and leaves nothing behind then.
        terminal.Tell($"[bold]Training[/] {settings.Network} on {Markup.Escape(FlowData.Short(settings.Data))}");
        FlowSubject subject = FlowSubject.Load(settings);
        Device device = DeviceChoice.Open(settings.Device);
        int asked = settings.Threads;
        settings = settings with { Threads = DeviceChoice.SetThreads(asked > 0 ? asked : null, terminal) };
        using OutputFolder hold = isResumed ? OutputFolder.Take(_output) : Begin();
        _output = hold.Path;
        if (isResumed && IsComplete())
        {
            return ExitCodes.Success;
        }

        using IDisposable heeded = Interruption.Heed();

        // A run keeps the threads that it was started with, also where it goes on with fewer.
        RunSettings kept = isResumed && asked > 0 ? settings with { Threads = asked } : settings;
        return Train(new RunFolder(_output), subject, device, isResumed, kept);
    }

    private OutputFolder Begin() => output is null
        ? OutputFolder.TakeNew(Path.GetFileNameWithoutExtension(FlowData.Short(settings.Data)))
        : OutputFolder.TakeEmpty(output);

    private bool IsComplete()
    {
        string path = Path.Combine(_output, ResultFile);
        if (!File.Exists(path))
        {
            return false;
        }

        terminal.Tell("This run is complete.");
        try
        {
            Finish(JsonShape.Read(File.ReadAllText(path), ResultJson.Default.FlowTrainingResult));
            return true;
        }
        catch (JsonException exception)
        {
            throw new CommandException(
                $"{path}: {JsonShape.Line(exception)} Delete the file to test the model again.", innerException: exception);
        }
    }

    private int Train(RunFolder folder, FlowSubject subject, Device device, bool isResumed, RunSettings kept)
    {
        random.manual_seed(settings.Seed);
        FlowModelConfig config = new()
        {
            Network = subject.Network,
            Data = settings.Data,
            RelativeTolerance = settings.Tolerance,
            AbsoluteTolerance = settings.AbsoluteTolerance,
            MaxSteps = settings.MaxSteps,
        };
        using FlowModel network = config.CreateNetwork();
        network.Flow.Layer.Settings = network.Flow.Layer.Settings with { OnFailure = new MaskFailures() };
        network.to(device);
        using Trainer trainer = new(network, subject.Task, subject.Train, subject.Validation, settings.ToTrainingOptions(), folder);
        Introduce(subject, network);
        if (isResumed)
        {
            terminal.Tell(
                trainer.Resume() ? "Going on from the last checkpoint." : "There is no checkpoint yet; starting from the beginning.");
        }

        // Only now: a checkpoint that is refused leaves the folder as it was.
        RunSettingsFile.Write(_output, kept);
        FlowModelFolder.SaveConfig(_output, config);
        TrainingResult training = terminal.WithBar(bar =>
        {
            FlowScreen screen = new(terminal, bar, subject.Task is SignedRegression, cancellation);
            screen.Head();
            return trainer.Run(screen, cancellation);
        });
        if (!training.IsComplete)
        {
            terminal.Say($"Interrupted after {Display.Counted(training.Steps, "step")}; the checkpoint is written. To go on:");
            terminal.Say($"  implicitnet train --resume --output {Markup.Escape(_output)}");
            return ExitCodes.Interrupted;
        }

        FlowTrainingResult result = FlowEvaluation.Run(network, subject.Task, subject.Test, cancellation) with
        {
            Data = settings.Data,
            Network = settings.Network,
            ValidationLoss = training.ValidationLoss,
            ValidationAccuracy = training.ValidationAccuracy,
            TrainingEvaluations = training.Epochs.Sum(epoch => epoch.Evaluations),
            Epochs = training.Epochs.Count,
            BestEpoch = training.BestEpoch,
            Seconds = training.Seconds,
            Seed = settings.Seed,
            Threads = settings.Threads,
            Device = settings.Device,
            Model = _output,
            Pictures = FlowPictures.Draw(network, subject, folder),
        };
        AtomicFile.WriteText(folder.At(ResultFile), JsonSerializer.Serialize(result, ResultJson.Default.FlowTrainingResult) + "\n");
        Finish(result);
        return ExitCodes.Success;
    }

    private void Introduce(FlowSubject subject, FlowModel network)
    {
        string samples = RunKinds.Of(settings.Data).Samples(settings.Data);
        terminal.Tell($"  {Display.Count(subject.Train.Count)} training, {Display.Count(subject.Validation.Count)} validation and "
            + $"{Display.Count(subject.Test.Count)} test {samples}");
        foreach ((IndexedBatches part, string name) in
            new[] { (subject.Train, "training"), (subject.Validation, "validation"), (subject.Test, "test") })
        {
            if (FlowSubject.LeftOut(part, name) is { } left)
            {
                terminal.Tell($"  [yellow]{Markup.Escape(left)}[/]");
            }
        }

        terminal.Tell($"  {Display.Count(network.parameters().Sum(parameter => parameter.numel()))} parameters, "
            + $"{Display.Counted(subject.Network.Zeros, "zero")} appended, tolerance {settings.ToleranceWords}");
        terminal.Tell($"  {Display.Counted(settings.Epochs, "epoch")}, batches of {settings.Batch}, "
            + $"learning rate {Display.Number(settings.LearningRate, "0.######")} ({settings.Schedule})");
        terminal.Tell($"  seed {settings.Seed}, {Display.Counted(settings.Threads, "thread")}, {settings.Device}");
        terminal.Tell($"  in {Markup.Escape(_output)}");
    }

    private void Finish(FlowTrainingResult result)
    {
        terminal.Say();
        FlowEvaluation.Show(terminal, result, RunKinds.Of(settings.Data).Samples(settings.Data));
        ResultScreen.Row(
            terminal, "validation loss", Display.Loss(result.ValidationLoss),
            result.ValidationLoss is null
                ? $"of {Display.Counted(result.Epochs ?? 0, "epoch")} none had a finite one: nothing was chosen by it"
                : $"epoch {result.BestEpoch} of {result.Epochs}, chosen by it");
        ResultScreen.Row(terminal, "time", Display.Seconds(result.Seconds ?? 0), "");
        terminal.Say();
        foreach ((string name, string content) in Files.Concat(result.Pictures.Select(name => (name, "picture"))))
        {
            ResultScreen.Row(terminal, content, Path.Combine(_output, name));
        }

        if (isJson)
        {
            terminal.Raw(JsonSerializer.Serialize(result with { Model = _output }, ResultJson.Default.FlowTrainingResult));
        }
    }

    private static IReadOnlyList<(string Name, string Content)> Files { get; } =
    [
        ("model.safetensors", "weights"),
        ("config.json", "network"),
        ("result.json", "result"),
        ("history.jsonl", "history"),
        ("tensorboard", "tensorboard"),
    ];
}
