using System.Reflection;
using System.Text.Json;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Flows;
using ImplicitNet.Models;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Training;
using ImplicitNet.Training.Distribution;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>One run in one folder, from its data to its report.</summary>
/// <param name="terminal">Where it is told.</param>
/// <param name="ranks">Who trains; the first one writes.</param>
/// <param name="output">The folder; null for a new one by data and time.</param>
/// <param name="settings">What is run.</param>
/// <param name="isJson">Whether the result is printed as JSON too.</param>
/// <param name="cancellation">Ends it with a checkpoint.</param>
internal sealed class TrainingRun(
    Terminal terminal, Collective ranks, string? output, RunSettings settings, bool isJson, CancellationToken cancellation)
{
    private const string ResultFile = "result.json";

    private string _output = output ?? "";
    private readonly RunKind _kind = RunKinds.Of(settings);
    private readonly TrainingTask _task = RunKinds.Of(settings).Task(settings);

    /// <summary>Trains, tests and reports; or reports only, where that is all that is left to do.</summary>
    /// <returns>The exit code.</returns>
    public int Execute(bool isResumed)
    {
        if (isResumed && ranks.OfFirst(IsComplete()))
        {
            return ExitCodes.Success;
        }

        if (settings is { Escalate: true, CertificateEvery: null })
        {
            throw new CommandException(
                "--escalate needs --certificate-every: the steps between two comparisons with the exact gradient.", ExitCodes.Usage);
        }

        if (ranks.Size > 1 && settings is { Published: true, BatchNorm: BatchNormChoice.Synchronised })
        {
            throw new CommandException(
                "--published on several ranks needs --batch-norm local: its R normalises over the batch, and every rank evaluates it as "
                    + "often as its own samples need.",
                ExitCodes.Usage);
        }

        // Before the folder is touched: a solver that cannot be made leaves nothing behind.
        _ = Chosen.Of(() => GradientChoice.Parse(settings.Gradient)
            .Fit(SolverChoice.Create(settings.Solver, settings.Damping, settings.Memory), settings.Solver));

        // Before torch is loaded and the data are, which take seconds.
        string model = _kind.Model(settings);
        terminal.Tell($"[bold]Training[/] {("aeiou".Contains(model[0], StringComparison.Ordinal) ? "an" : "a")} {model} on "
            + $"{Markup.Escape(_kind.Short(settings.Data))}, by {_kind.Gradient(settings)}");
        terminal.Tell($"  {_kind.Network(settings)}");
        if (settings.Pretrain > 0)
        {
            terminal.Tell($"  in the first {Display.Counted(settings.Pretrain, "step")} R is unrolled, by plain backpropagation");
        }

        Device device = DeviceChoice.Open(settings.Device);

        // A run that is there is held from here on, a new one when its data are: without them there is none.
        using OutputFolder? resumed = isResumed && ranks.IsFirst ? OutputFolder.Take(_output) : null;
        if (isResumed && ranks.OfFirst(IsComplete()))
        {
            return ExitCodes.Success;
        }

        int asked = settings.Threads;
        settings = settings with { Threads = DeviceChoice.SetThreads(asked > 0 ? asked : ranks.Threads(), terminal) };
        RunSubject subject = terminal.WithBar(bar =>
        {
            bool isRead = DataChoice.Definition(settings.Data) is not null
                || (FlowData.FileOf(settings.Data) ?? TextData.FileOf(settings.Data)) is not null;
            bar.Show(0, () => $"{(isRead ? "reading" : "drawing")} {_kind.Short(settings.Data)}");
            return _kind.Load(settings, terminal, cancellation);
        });

        // Where the weights are read: also by a run that a comparison began, or that ended before its first checkpoint.
        if (settings.From is { } from && !(isResumed && File.Exists(new RunFolder(_output).Checkpoint)))
        {
            EnsureBegins(from, subject.Config);
        }

        using OutputFolder? begun = isResumed ? null : Begin();
        using IDisposable heeded = Interruption.Heed();
        RunFolder folder = new(_output);

        // A run keeps the threads that it was started with, also where it goes on with fewer.
        RunSettings kept = isResumed && asked > 0 ? settings with { Threads = asked } : settings;
        return Train(folder, subject, device, isResumed, kept);
    }

    /// <summary>Refuses weights of another network, before there is a folder.</summary>
    private static void EnsureBegins(string from, NetworkConfig config)
    {
        SavedModel model = SavedModel.In(from);
        NetworkConfig there = model.Config;
        model.LoadNetwork().Dispose();
        if (there.Options != config.Options)
        {
            throw new CommandException(
                $"--from {from}: the model there is another network than this run's: {Differences(there.Options, config.Options)}.",
                ExitCodes.Usage);
        }
    }

    private static string Differences(NetworkOptions there, NetworkOptions here) => there.GetType() != here.GetType()
        ? $"{there.Architecture} there, {here.Architecture} here"
        : string.Join("; ",
            from property in here.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            where !Equals(property.GetValue(there), property.GetValue(here))
            select FormattableString.Invariant($"{property.Name} {property.GetValue(there)} there, {property.GetValue(here)} here"));

    private OutputFolder? Begin()
    {
        string name = Path.GetFileNameWithoutExtension(_kind.Short(settings.Data)).Replace(':', '-');
        OutputFolder? folder = !ranks.IsFirst ? null : output is null ? OutputFolder.TakeNew(name) : OutputFolder.TakeEmpty(output);
        _output = ranks.OfFirst(folder?.Path ?? "");
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
        Finish(RunResult.Read(path));
        return true;
    }

    private int Train(RunFolder folder, RunSubject subject, Device device, bool isResumed, RunSettings kept)
    {
        random.manual_seed(settings.Seed);
        using nn.Module<Tensor, Tensor> network = subject.Config.CreateNetwork();
        Put(subject.PolicyFor(network), settings.FlowPenalties(), network);
        if (settings.From is { } from && !File.Exists(folder.Checkpoint))
        {
            SafetensorsFile.Load(ModelFolder.WeightsPath(from), network);
        }

        network.to(device);
        RunSources sources = subject.Sources(device);
        using Trainer trainer = new(
            network, _task, sources.Train, sources.Validation, settings.ToTrainingOptions(), ranks.IsFirst ? folder : null)
        {
            Collective = ranks,
            MoreValidation = [.. sources.More.Select(each => each.Source)],
            ValidationSolves = sources.Limits,
            OnEvent = FreedMemory.Reuse,
            Probe = settings.Cosines > 0 ? new GradientProbe { TimesPerEpoch = settings.Cosines } : null,
        };
        Introduce(subject, network);
        if (isResumed)
        {
            terminal.Tell(
                trainer.Resume() ? "Going on from the last checkpoint." : "There is no checkpoint yet; starting from the beginning.");
        }

        // Only now: a checkpoint that is refused leaves the folder as it was.
        if (ranks.IsFirst)
        {
            RunSettingsFile.Write(_output, kept);
            ModelFolder.SaveConfig(_output, subject.Config);
        }

        IReadOnlyList<(string, string)> more = [.. sources.More.Select(each => (each.Data, each.Source.Name))];
        long cut = settings.CutSteps;
        EpochColumns columns = network is FlowModel
            ? EpochColumns.OfFlows(terminal.Width, _task is not Regression)
            : _task is Restoration ? EpochColumns.OfScore(terminal.Width, _task.Score.Name, value => Display.Number(value, "0.00"), cut)
            : _task is NextToken ? EpochColumns.OfScore(terminal.Width, NextToken.Tokens, Display.Percent, cut)
            : new EpochColumns(terminal.Width, more) { CutSteps = cut };
        columns.Head(terminal);
        TrainingResult training = terminal.WithBar(bar => trainer.Run(
            new TrainingScreen(terminal, bar, columns, settings.Batch, _kind.Samples(settings.Data), cancellation), cancellation));

        // The rest is the first rank's, however long it takes.
        ranks.Dispose();
        if (!ranks.IsFirst)
        {
            return training.IsComplete ? ExitCodes.Success : ExitCodes.Interrupted;
        }

        if (!training.IsComplete || Test(subject, network, device, folder) is not var (test, pictures))
        {
            terminal.Say($"Interrupted after {Display.Counted(training.Steps, "step")}; the checkpoint is written. To go on:");
            terminal.Say($"  implicitnet train --resume --output {Markup.Escape(_output)}");
            return ExitCodes.Interrupted;
        }

        RunResult result = Result(subject, training, test, network) with
        {
            Pictures = [.. pictures.Files.Select(file => file.Name)],
        };
        RunReport report = Report(training, test, result.Parameters, CertificateHistory.Read(folder.History)) with
        {
            Sections = [.. MonotoneSection(network), .. Tests(test), .. pictures.Sections],
        };
        subject.Complete(report, test).Write(folder);
        AtomicFile.WriteText(folder.At(ResultFile), JsonSerializer.Serialize(result, ResultJson.Default.RunResult) + "\n");
        Finish(result);
        return ExitCodes.Success;
    }

    /// <summary>Null when it was interrupted.</summary>
    private (FinalTest Test, RunPictures Pictures)? Test(
        RunSubject subject, nn.Module<Tensor, Tensor> network, Device device, RunFolder folder)
    {
        try
        {
            FinalTest test = terminal.WithBar(
                bar => subject.Test(network, device, new ShareProgress(bar, "testing"), cancellation));
            return (test, terminal.WithBar(bar =>
            {
                bar.Show(0, () => "drawing");
                return subject.Draw(network, folder, cancellation);
            }));
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private void Introduce(RunSubject subject, nn.Module<Tensor, Tensor> network)
    {
        terminal.Tell($"  {subject.Amounts}");
        foreach (string note in subject.Notes)
        {
            terminal.Tell($"  [yellow]{Markup.Escape(note)}[/]");
        }

        terminal.Tell($"  {Display.Count(ParameterCount(network))} parameters{(settings.IsExplicit ? "" : $", {_kind.Solve(settings)}")}");
        terminal.Tell($"  {Display.Counted(settings.Epochs, "epoch")}, batches of {settings.Batch}, "
            + $"learning rate {Display.Number(settings.LearningRate, "0.######")} ({settings.Schedule})");
        terminal.Tell($"  seed {settings.Seed}, {Display.Counted(settings.Threads, "thread")}, {settings.Device}"
            + (ranks.Size > 1 ? $", {ranks.Description}" : ""));
        terminal.Tell($"  in {Markup.Escape(_output)}");
    }

    private RunResult Result(RunSubject subject, TrainingResult training, FinalTest test, nn.Module<Tensor, Tensor> network) =>
        SplitChoice.Place(
            RunResult.Of(test.Evaluation, test.Contraction, Monotonicity.Of(network)), SplitChoice.Test, _task, test.Evaluation) with
        {
            ValidationAccuracy = training.ValidationAccuracy,
            ValidationLoss = test.HeldOutLoss ?? training.ValidationLoss,
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
            Ranks = ranks.Size,
            Device = settings.Device,
            Model = _output,
            Gradient = network is FlowModel ? null : settings.Gradient,
            Network = network is FlowModel ? settings.Network : subject.Config.Architecture,
            TrainingEvaluations = Sum(training, epoch => epoch.Evaluations),
            TrainingProducts = Sum(training, epoch => epoch.Products),
            AdjointFailures = Sum(training, epoch => epoch.AdjointFailures),
            MaxSteps = settings.MaxSteps,
            Tests = test.More,
            Remarks = subject.Remarks(training, test),
        };

    /// <summary>Null when an epoch does not know, as those of a run do that an older version began.</summary>
    private static long? Sum(TrainingResult training, Func<EpochRecord, long?> count) =>
        training.Epochs.All(epoch => count(epoch) is not null) ? training.Epochs.Sum(count) : null;

    private RunReport Report(TrainingResult training, FinalTest test, long parameters, CertificateHistory certificates) => new()
    {
        Title = $"{char.ToUpperInvariant(_kind.Model(settings)[0])}{_kind.Model(settings)[1..]} on {_kind.Short(settings.Data)}",
        Network = $"The network {_kind.Network(settings)},",
        Training = training,
        Test = test.Evaluation,
        Contraction = test.Contraction,
        Residuals = test.Residuals,
        Steps = test.Steps,
        Gradient = !settings.IsExplicit && settings.Gradient == GradientChoice.Default && test.Contraction is not null
            ? "Jacobian-free backpropagation"
            : _kind.Gradient(settings),
        Certificates = certificates,
        Parameters = parameters,
        Samples = _kind.Samples(settings.Data),
        Settings = [.. RunSettingsFile.Describe(settings)],
    };

    private static IEnumerable<ReportSection> MonotoneSection(nn.Module network) => Monotonicity.Of(network).Words is { } words
        ? [new() { Heading = "Monotonicity", Text = words }]
        : [];

    /// <summary>What the page says of several sizes; nothing where there is one.</summary>
    private static IEnumerable<ReportSection> Tests(FinalTest test) => test.More.Count < 2 ? [] :
    [
        new()
        {
            Heading = "Sizes",
            Text = "Each tested once, at the end, with a step limit of its own.",
            Table = TestTable.Of(test.More),
        },
    ];

    private void Finish(RunResult result)
    {
        terminal.Say();
        string samples = _kind.Samples(settings.Data);
        ResultScreen.Answers(terminal, result, samples);
        ResultScreen.Scores(terminal, result.Scores, (name, value) => _kind.Score(settings.Data, name, value));
        ResultScreen.Tests(terminal, [.. result.Tests.Skip(1)], samples);
        ResultScreen.Row(
            terminal,
            "validation",
            result.ValidationAccuracy is { } accuracy ? Display.Percent(accuracy) : Display.Loss(result.ValidationLoss),
            result.ValidationLoss is null && result.IsOfFlows()
                ? $"of {Display.Counted(result.Epochs ?? 0, "epoch")} none had a finite loss: nothing was chosen by it"
                : result.IsOfTexts()
                ? $"on all that was held out; its first half chose epoch {result.BestEpoch} of {result.Epochs}"
                : $"epoch {result.BestEpoch} of {result.Epochs}, chosen by it");
        ResultScreen.Solver(terminal, result);
        ResultScreen.Row(
            terminal, "time", Display.Seconds(result.Seconds ?? 0), $"{Display.Seconds(result.SecondsPerEpoch ?? 0)} per epoch");
        foreach (string remark in result.Remarks)
        {
            terminal.Say($"  [yellow]{Markup.Escape(remark)}[/]", hanging: 2);
        }

        terminal.Say();
        foreach ((string name, string content) in Files.Concat(result.Pictures.Select(name => (name, "picture"))))
        {
            ResultScreen.Row(terminal, content, Path.Combine(_output, name));
        }

        if (isJson)
        {
            terminal.Raw(JsonSerializer.Serialize(result with { Model = _output }, ResultJson.Default.RunResult));
        }
    }

    private static void Put(FailurePolicy policy, IReadOnlyList<FlowPenalty> penalties, nn.Module<Tensor, Tensor> network)
    {
        switch (network)
        {
            case ImplicitNetwork own:
                own.OnFailure = policy;
                break;
            case FlowModel flow:
                flow.Flow.Layer.Settings = flow.Flow.Layer.Settings with { OnFailure = policy, Penalties = penalties };
                break;
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

    private static long ParameterCount(nn.Module<Tensor, Tensor> network) => network.parameters().Sum(parameter => parameter.numel());
}
