using System.CommandLine;
using System.Text.Json;
using ImplicitNet.Certification;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>evaluate: a trained model on one part of a data set.</summary>
internal sealed class EvaluateCommand(Terminal terminal, CancellationToken cancellation)
{
    private readonly Option<string> _model = ModelOption.Create();
    private readonly Option<string?> _data =
        RunSetting.Option<string?>(nameof(RunSettings.Data), "Data (default: those the model was trained on; any other size of a task).");
    private readonly Option<string?> _dataDirectory =
        RunSetting.Option<string?>(nameof(RunSettings.DataDir), "Folder that holds the data set's files (default: as in training).");
    private readonly Option<string?> _split = ChoiceOption.Create("--split", "Part of the data set (default: test).", SplitChoice.Names);
    private readonly Option<int?> _count =
        NumberOption.Whole("--count", "Samples, from the first (default: all images; 1000 mazes or strings).");
    private readonly Option<int?> _batch =
        RunSetting.Option<int?>(nameof(RunSettings.Batch), "Samples in a batch (default: 250, fewer of large mazes and strings).");
    private readonly Option<long?> _seed = RunSetting.Option<long?>(
        nameof(RunSettings.Seed), "Seed of torch's random numbers; nothing that evaluate does uses them (default: 1).");
    private readonly Option<double?> _gamma =
        RunSetting.Option<double?>(nameof(RunSettings.Gamma), "Factor gamma of the operator of a model for images (default: the model's).");
    private readonly Option<int[]?> _applications = ApplicationsOption.Create();
    private readonly Option<int?> _starts = StartsOption.Create();
    private readonly Option<GivenRadius[]?> _radii = RadiiOption.Create();
    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Folder for the charts of --applications (default: the model's), of --starts, which of images and strings solves "
            + $"once more for them, and of models for {RestorationKind.Restorations}, with a picture, and for the page of --certify "
            + "(default: none).",
        HelpName = "folder",
    };
    private readonly Option<string[]> _beside = RestorationRun.BesideOption();
    private readonly SolveOptions _solve = new();
    private readonly CommonOptions _common = new();

    public Command Create()
    {
        Command command = new("evaluate", "Evaluate a model on a data set.") { _model, _data, _dataDirectory, _split, _count, _batch, _seed,
            _gamma, _applications, _starts, _radii, _beside, _output };
        _solve.AddTo(command);
        _common.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_applications) is not null && result.GetResult(_starts) is not null)
            {
                result.AddError("--starts does not go with --applications, which solves nothing");
            }

            if (result.GetResult(_applications) is not null && result.GetResult(_radii) is not null)
            {
                result.AddError("--certify does not go with --applications: certificates are of fixed points");
            }
        });
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command,
            "implicitnet evaluate --model runs/digits-20260131-180000",
            "implicitnet evaluate --model runs/mazes --data mazes:33 --count 100",
            "implicitnet evaluate --model runs/first --split validation --tolerance 1e-5",
            "implicitnet evaluate --model runs/first --applications 1,2,3,5,10",
            "implicitnet evaluate --model runs/first --starts 4",
            "implicitnet evaluate --model runs/robust --certify 0.1,0.5,1.58",
            "implicitnet evaluate --model runs/sharp --beside runs/twin --output charts",
            "implicitnet evaluate --model runs/first --quiet --json");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        terminal.IsQuiet = parsed.GetValue(_common.Quiet);
        string folder = parsed.GetRequiredValue(_model);
        string split = parsed.GetValue(_split) ?? SplitChoice.Test;
        SavedModel model = SavedModel.In(folder);
        RunKind kind = RunKinds.Of(model.Config.Options);
        RestorationRun? restorations =
            RestorationRun.Open(terminal, model, parsed.GetValue(_beside) ?? [], parsed.GetValue(_output));
        if (restorations is null && parsed.GetValue(_output) is not null && parsed.GetValue(_applications) is not { Length: > 0 }
            && parsed.GetValue(_starts) is not >= 2 && parsed.GetValue(_radii) is not { Length: > 0 })
        {
            throw new CommandException(
                "--output is for the charts of --applications or of --starts from 2 on, and the page of --certify; name one of them, "
                    + "or leave it out",
                ExitCodes.Usage);
        }

        if (model.Config is FlowModelConfig)
        {
            Option[] ofImages = kind is ImageKind ? [_dataDirectory, _count, _batch] : [];
            FlowOptions.RefuseOthers(
                parsed, folder, [
                    .. ofImages, _model, _data, _split, _seed, _solve.Tolerance, _solve.AbsoluteTolerance, _solve.MaxSteps,
                    _common.Threads, _common.Device, _common.Quiet, _common.Json,
                ]);
        }

        RunSettings settings = ModelSettings.Of(model, parsed.GetValue(_data), parsed.GetValue(_dataDirectory));
        if (parsed.GetValue(_applications) is { Length: > 0 } && kind is not ImageKind)
        {
            throw new CommandException(
                $"--applications is for images alone; {folder} is a model for {model.Config.Data}: end its solves early by --max-steps.",
                ExitCodes.Usage);
        }

        if (parsed.GetValue(_radii) is { Length: > 0 } && kind is not ImageKind)
        {
            throw new CommandException(
                $"--certify is for images in classes alone; {folder} is a model for {model.Config.Data}. Leave it out.", ExitCodes.Usage);
        }

        if (parsed.GetValue(_starts) is > 1 && kind is TextKind)
        {
            throw new CommandException(
                $"--starts is not for {kind.Name}, whose answers have many places; {folder} is a model for one. Leave it out.",
                ExitCodes.Usage);
        }

        if (parsed.GetValue(_applications) is not { Length: > 0 })
        {
            // Before torch is loaded and the data are, which take seconds.
            terminal.Tell($"[bold]{Markup.Escape(folder)}[/] on {Markup.Escape(kind.Short(settings.Data))}, {split}");
        }

        Device device = DeviceChoice.Open(parsed.GetValue(_common.Device) ?? DeviceChoice.Processor);
        int threads = DeviceChoice.SetThreads(parsed.GetValue(_common.Threads), terminal);
        random.manual_seed(parsed.GetValue(_seed) ?? 1);
        model = model with { Config = Asked(parsed, model, kind.StepLimit(model.Config, settings.Data)) };
        using nn.Module<Tensor, Tensor> network = model.LoadNetwork();
        network.to(device);
        ImplicitNetwork? solved = network as ImplicitNetwork;
        if (solved is not null)
        {
            _solve.Apply(parsed, model.FixedPoints, solved);
            if (parsed.GetValue(_radii) is { Length: > 0 } && parsed.GetValue(_solve.Tolerance) is null)
            {
                solved.Stopping = CertifyRun.Tightened(solved.Stopping);
            }
        }

        IndexedBatches source = kind.Source(
            model, settings, split, parsed.GetValue(_count), parsed.GetValue(_batch) ?? kind.BatchOf(settings.Data), device, terminal,
            cancellation);
        ModelSettings.EnsureCount(parsed.GetValue(_count), source, kind.Samples(settings.Data), ExitCodes.Usage);
        if (parsed.GetValue(_applications) is { Length: > 0 } numbers)
        {
            ApplicationResult applied = new ApplicationRun(terminal, folder, parsed.GetValue(_output) ?? folder, cancellation)
                .Execute(solved!, source, numbers) with
            {
                Data = settings.Data,
                Split = split,
                Threads = threads,
                Device = device.type.ToString().ToLowerInvariant(),
            };
            if (parsed.GetValue(_common.Json))
            {
                terminal.Raw(JsonSerializer.Serialize(applied, ResultJson.Default.ApplicationResult));
            }

            return ExitCodes.Success;
        }

        TrainingTask task = kind.Task(settings);
        SeveralStarts? starts = solved is null ? null : SeveralStarts.Of(parsed.GetValue(_starts), kind.Symmetries(settings.Data));
        CertifyRun certify = new(terminal, cancellation);
        NetworkBound? bound = parsed.GetValue(_radii) is { Length: > 0 } && source is ImageBatches asked
            ? CertifyRun.BoundOf(folder, solved!, asked.Dataset)
            : null;
        StartsRun run = new(terminal, cancellation);
        StartsStudy? study = starts is { IsTurned: true } ? run.Measure(solved!, task, source, starts) : null;
        StartsResult? agreement = study is not null ? StartsResult.Of(study) : starts is null ? null : terminal.WithBar(
            bar => starts.Measure(solved!, source, new ShareProgress(bar, $"solving from {starts.Count} starts"), cancellation));
        EvaluationResult evaluation =
            terminal.WithBar(bar => Evaluator.Evaluate(
                network,
                task,
                source,
                starts is null or { IsTurned: true } ? null : starts.Best,
                progress: new ShareProgress(bar, $"evaluating {split}"),
                cancellation: cancellation));
        ContractionReport? contraction = solved is null ? null : FinalTest.Measure(solved, source);
        RunResult result = SplitChoice.Place(RunResult.Of(evaluation, contraction, Monotonicity.Of(network)), split, task, evaluation) with
        {
            Parameters = network.parameters().Sum(parameter => parameter.numel()),
            Seconds = evaluation.Seconds,
            Data = settings.Data,
            Threads = threads,
            Device = device.type.ToString().ToLowerInvariant(),
            Model = folder,
            Starts = starts?.Count ?? 1,
            Agreement = agreement,
            MaxSteps = solved?.Stopping.MaxSteps ?? model.Config.MaxSteps,
            Network = model.Config is FlowModelConfig flow ? FlowNetworkChoice.NameOf(flow.Network) : model.Config.Architecture,
        };
        Show(result, evaluation, kind, settings.Data);
        if (bound is not null && source is ImageBatches images && parsed.GetValue(_radii) is { } radii)
        {
            CertifiedImages certified = certify.Execute(bound, solved!, images, radii);
            certify.Show(certified, parsed.GetValue(_output), folder, ClassNames.Of(settings.Data, images.Dataset.ClassCount));
            result = result with { CertifiedAccuracy = certified.Shares };
        }

        result = restorations?.Execute(result, solved!, Loaded, (MeasuredImages)source, cancellation) ?? result;
        string? output = parsed.GetValue(_output);
        if (starts is not null && (study is not null || (output is not null && restorations is null)))
        {
            study ??= run.Measure(solved!, task, source, starts);
            run.Show(study, output, source.Name);
            result = result with { Agreement = agreement!.With(study) };
        }

        if (parsed.GetValue(_common.Json))
        {
            terminal.Raw(JsonSerializer.Serialize(result, ResultJson.Default.RunResult));
        }

        return ExitCodes.Success;

        ImplicitNetwork Loaded(SavedModel other)
        {
            ImplicitNetwork loaded = other.LoadImplicit();
            loaded.to(device);
            _solve.Apply(parsed, other.FixedPoints, loaded);
            return loaded;
        }
    }

    /// <summary>The model's configuration with another gamma, and the step limit of the data.</summary>
    /// <exception cref="CommandException">The model has no gamma, or a tolerance is too fine.</exception>
    private NetworkConfig Asked(ParseResult parsed, SavedModel model, int stepLimit) => (model.Config, parsed.GetValue(_gamma)) switch
    {
        (FlowModelConfig flow, _) => FlowOptions.Over(parsed, _solve, flow),
        (var config, null) => config with { MaxSteps = stepLimit },
        (ModelConfig { Network: ScaledClassifierOptions images } config, { } gamma) =>
            config with { MaxSteps = stepLimit, Network = images with { Gamma = gamma } },
        ({ Options: RestorationOptions }, { } gamma) => throw new CommandException(
            FormattableString.Invariant($"--gamma {gamma}: {model.Folder} restores with what it was trained with. Leave it out."),
            ExitCodes.Usage),
        ({ Options.Images: not null } config, { } gamma) => throw new CommandException(
            FormattableString.Invariant($"--gamma {gamma}: {model.Folder} is a model {config.Architecture}, which has none."),
            ExitCodes.Usage),
        (var config, { } gamma) => throw new CommandException(
            FormattableString.Invariant($"--gamma {gamma} is for images alone; {model.Folder} is a model for {config.Data}."),
            ExitCodes.Usage),
    };

    private void Show(RunResult result, EvaluationResult evaluation, RunKind kind, string data)
    {
        string samples = kind.Samples(data);
        if (result.IsOfFlows() || result.IsOfRestorations() || result.IsOfTexts())
        {
            ResultScreen.Answers(terminal, result, samples);
        }
        else
        {
            ResultScreen.Row(
                terminal, "accuracy", Display.Percent(evaluation.Accuracy ?? double.NaN), $"{Display.Count(evaluation.Count)} {samples}");
            ResultScreen.Row(terminal, "loss", Display.Number(evaluation.Loss));
        }

        ResultScreen.Scores(terminal, result.Scores, (name, value) => kind.Score(data, name, value));
        ResultScreen.Solver(terminal, result);
        if (result.Agreement is { } agreement)
        {
            ResultScreen.Starts(terminal, agreement);
        }

        ResultScreen.Row(
            terminal,
            "speed",
            $"{Display.Count((long)(evaluation.Count / Math.Max(1e-9, evaluation.Seconds)))} {samples}/s",
            Display.Seconds(evaluation.Seconds));
    }
}
