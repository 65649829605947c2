using System.Text.Json;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Reports;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>One run in one folder, from its data to its report.</summary>
/// <param name="terminal">Where it is told.</param>
/// <param name="output">The folder; null for a new one by data and time.</param>
/// <param name="settings">What is run.</param>
/// <param name="isJson">Whether the result is printed as JSON too.</param>
/// <param name="cancellation">Ends it with a checkpoint.</param>
internal sealed class TrainingRun(Terminal terminal, string? output, RunSettings settings, bool isJson, CancellationToken cancellation)
{
    private const string ResultFile = "result.json";

    private string _output = output ?? "";
    private readonly Classification _task = new();
    private readonly GradientChoice _gradient = GradientChoice.Parse(settings.Gradient);

    private string Kind => settings.Explicit ? "explicit twin" : "implicit classifier";

    private string Solve =>
        $", {(settings.Published ? "gamma" : "contraction factor")} {Display.Number(settings.Gamma, "0.###")}, "
            + $"tolerance {settings.ToleranceWords}";

    private string Gradient => settings.Explicit ? "plain backpropagation" : _gradient.Words;

    /// <summary>Trains, tests and reports; or reports only, where that is all that is left to do.</summary>
    /// <returns>The exit code.</returns>
    public int Execute(bool isResumed)
    {
        if (isResumed && IsComplete())
        {
            return ExitCodes.Success;
        }

        if (settings is { Escalate: true, CertificateEvery: null })
        {
            throw new CommandException(
                "--escalate needs --certificate-every: the steps between two comparisons with the exact gradient.", ExitCodes.Usage);
        }

        // Before the folder is touched: a solver that cannot be made leaves nothing behind.
        _ = Chosen.Of(() => _gradient.Fit(SolverChoice.Create(settings.Solver, settings.Damping, settings.Memory), settings.Solver));

        // Before torch is loaded and the data are, which take seconds.
        terminal.Tell($"[bold]Training[/] an {Kind} on {settings.Data}, by {Gradient}");
        terminal.Tell($"  {NetworkChoice.Words(settings)}");
        Device device = DeviceChoice.Open(settings.Device);

        // A run that is there is held from here on, a new one when its data are: without them there is none.
        using OutputFolder? resumed = isResumed ? OutputFolder.Take(_output) : null;
        if (isResumed && IsComplete())
        {
            return ExitCodes.Success;
        }

        int asked = settings.Threads;
        settings = settings with { Threads = DeviceChoice.SetThreads(asked > 0 ? asked : null, terminal) };
        LoadedData data = terminal.WithBar(bar =>
        {
            bar.Show(0, () => DataChoice.Definition(settings.Data) is null ? $"drawing {settings.Data}" : $"reading {settings.Data}");
            return RunData.Load(settings, terminal, cancellation);
        });
        ModelConfig config = settings.ToModelConfig(data);
        using OutputFolder? begun = isResumed ? null : Begin();
        using IDisposable heeded = Interruption.Heed();
        RunFolder folder = new(_output);

        // A run keeps the threads that it was started with, also where it goes on with fewer.
        RunSettings kept = isResumed && asked > 0 ? settings with { Threads = asked } : settings;
        return Train(folder, config, data, device, isResumed, kept);
    }

    private OutputFolder Begin()
    {
        OutputFolder folder = output is null ? OutputFolder.TakeNew(settings.Data) : OutputFolder.TakeEmpty(output);
        _output = folder.Path;
        return folder;
    }

    /// <summary>Reports a run that has its result.</summary>
    private bool IsComplete()
    {
        string path = Path.Combine(_output, ResultFile);
        if (!File.Exists(path))
        {
            return false;
        }

        terminal.Tell("This run is complete.");
        Finish(ClassifierResult.Read(path));
        return true;
    }

    private int Train(
        RunFolder folder, ModelConfig config, LoadedData data, Device device, bool isResumed, RunSettings kept)
    {
        random.manual_seed(settings.Seed);
        using ImplicitNetwork network = config.CreateNetwork();
        network.OnFailure = PolicyFor(network);
        network.to(device);
        BatchOptions batches = settings.ToBatchOptions(data, device);
        using Trainer trainer = new(
            network, _task, new ImageBatches(data.Splits.Train, batches), new ImageBatches(data.Splits.Validation, batches),
            settings.ToTrainingOptions(), folder)
        {
            Probe = settings.Cosines > 0 ? new GradientProbe { TimesPerEpoch = settings.Cosines } : null,
        };
        Introduce(data, network);
        if (isResumed)
        {
            terminal.Tell(
                trainer.Resume() ? "Going on from the last checkpoint." : "There is no checkpoint yet; starting from the beginning.");
        }

        // Only now: a checkpoint that is refused leaves the folder as it was.
        RunSettingsFile.Write(_output, kept);
        ModelFolder.SaveConfig(_output, config);

        TrainingScreen.Head(terminal);
        TrainingResult training =
            terminal.WithBar(bar => trainer.Run(new TrainingScreen(terminal, bar, settings.Batch, cancellation), cancellation));
        FinalTest? test = training.IsComplete ? Test(network, new ImageBatches(data.Splits.Test, batches)) : null;
        if (test is null)
        {
            terminal.Say($"Interrupted after {Display.Counted(training.Steps, "step")}; the checkpoint is written. To go on:");
            terminal.Say($"  implicitnet train --resume --output {Markup.Escape(_output)}");
            return ExitCodes.Interrupted;
        }

        ClassifierResult result = Result(data, training, test, network);
        Report(data, training, test, result.Parameters, CertificateHistory.Read(folder.History)).Write(folder);
        AtomicFile.WriteText(folder.At(ResultFile), JsonSerializer.Serialize(result, ResultJson.Default.ClassifierResult) + "\n");
        Finish(result);
        return ExitCodes.Success;
    }

    /// <summary>Null when it was interrupted.</summary>
    private FinalTest? Test(ImplicitNetwork network, ImageBatches source)
    {
        try
        {
            return terminal.WithBar(
                bar => FinalTest.Run(network, source, settings.Tolerance, new ShareProgress(bar, "testing"), cancellation));
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>
    /// Samples that do not converge are left out of the loss. Those of a coupled batch fail all together, as most do before the
    /// weights have settled: left out, they would train nothing. The batch goes on with its best iterate, and the epoch counts it.
    /// </summary>
    private static FailurePolicy PolicyFor(ImplicitNetwork network) =>
        network.Layer.Operator is CoupledModuleOperator ? new WarnOnFailure { Warn = static _ => { } } : new MaskFailures();

    private void Introduce(LoadedData data, ImplicitNetwork network)
    {
        DataSplits splits = data.Splits;
        terminal.Tell($"  {Display.Count(splits.Train.Count)} training, "
            + $"{Display.Count(splits.Validation.Count)} validation and {Display.Count(splits.Test.Count)} test images");
        terminal.Tell($"  {Display.Count(ParameterCount(network))} parameters{(settings.Explicit ? "" : Solve)}");
        terminal.Tell($"  {Display.Counted(settings.Epochs, "epoch")}, batches of {settings.Batch}, "
            + $"learning rate {Display.Number(settings.LearningRate, "0.######")} ({settings.Schedule})");
        terminal.Tell($"  seed {settings.Seed}, {Display.Counted(settings.Threads, "thread")}, {settings.Device}");
        terminal.Tell($"  in {Markup.Escape(_output)}");
    }

    private ClassifierResult Result(LoadedData data, TrainingResult training, FinalTest test, ImplicitNetwork network) =>
        SplitChoice.Place(ClassifierResult.Of(test.Evaluation, test.Contraction), SplitChoice.Test, _task, test.Evaluation) with
        {
            ValidationAccuracy = training.ValidationAccuracy,
            ValidationLoss = training.ValidationLoss,
            Score = new ScoreResult
            {
                Name = _task.Score.Name,
                Test = ScoreResult.Of(_task, test.Evaluation),
                Validation = training.Score,
            },
            Parameters = ParameterCount(network),
            Epochs = training.Epochs.Count,
            BestEpoch = training.BestEpoch,
            Seconds = training.Seconds,
            SecondsPerEpoch = training.Epochs.Average(epoch => epoch.Seconds),
            Data = settings.Data,
            Seed = settings.Seed,
            Threads = settings.Threads,
            Device = settings.Device,
            Model = _output,
            Gradient = settings.Gradient,
            TrainingEvaluations = Sum(training, epoch => epoch.Evaluations),
            TrainingProducts = Sum(training, epoch => epoch.Products),
            AdjointFailures = Sum(training, epoch => epoch.AdjointFailures),
            Remarks = TrainingRemarks.Of(
                settings, training, test.Evaluation.Accuracy, data.Splits.Test.Labels, data.Splits.Test.ClassCount),
        };

    /// <summary>Null when an epoch does not know, as those of a run do that an older version began.</summary>
    private static long? Sum(TrainingResult training, Func<EpochRecord, long?> count) =>
        training.Epochs.All(epoch => count(epoch) is not null) ? training.Epochs.Sum(count) : null;

    private RunReport Report(LoadedData data, TrainingResult training, FinalTest test, long parameters, CertificateHistory certificates) =>
        new()
        {
            Title = $"{(settings.Explicit ? "Explicit twin" : "Implicit classifier")} on {settings.Data}",
            Network = $"The network {NetworkChoice.Words(settings)},",
            Training = training,
            Test = test.Evaluation,
            Contraction = test.Contraction,
            Residuals = test.Residuals,
            Steps = test.Steps,
            Gradient = settings is { Explicit: false, Gradient: GradientChoice.Default } ? "Jacobian-free backpropagation" : Gradient,
            Certificates = certificates,
            Parameters = parameters,
            Samples = "images",
            Confusion = (test.Confusion, ClassNames.Of(settings.Data, data.Splits.Test.ClassCount)),
            Images = test.Shown,
            Settings = [.. RunSettingsFile.Describe(settings)],
        };

    private void Finish(ClassifierResult result)
    {
        terminal.Say();
        ResultScreen.Row(
            terminal,
            "test accuracy",
            Display.Percent(result.TestAccuracy ?? double.NaN),
            $"{Display.Count(result.Samples)} images, loss {Display.Loss(result.TestLoss)}");
        ResultScreen.Row(
            terminal,
            "validation",
            Display.Percent(result.ValidationAccuracy ?? double.NaN),
            $"epoch {result.BestEpoch} of {result.Epochs}, chosen by it");
        ResultScreen.Solver(terminal, result);
        ResultScreen.Row(
            terminal, "time", Display.Seconds(result.Seconds ?? 0), $"{Display.Seconds(result.SecondsPerEpoch ?? 0)} per epoch");
        foreach (string remark in result.Remarks)
        {
            terminal.Say($"  [yellow]{Markup.Escape(remark)}[/]", hanging: 2);
        }

        terminal.Say();
        foreach ((string name, string content) in Files)
        {
            ResultScreen.Row(terminal, content, Path.Combine(_output, name));
        }

        if (isJson)
        {
            terminal.Raw(JsonSerializer.Serialize(result with { Model = _output }, ResultJson.Default.ClassifierResult));
        }
    }

    private static IReadOnlyList<(string Name, string Content)> Files { get; } =
    [
        ("report.html", "report"),
        ("model.safetensors", "weights"),
        ("config.json", "network"),
        ("result.json", "result"),
        ("history.jsonl", "history"),
        ("charts", "charts"),
        ("tensorboard", "tensorboard"),
    ];

    private static long ParameterCount(ImplicitNetwork network) => network.parameters().Sum(parameter => parameter.numel());
}
