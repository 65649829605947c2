using System.CommandLine;
using System.Text.Json;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
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
    private const int DefaultBatch = 250;

    private readonly Option<string> _model = ModelOption.Create();
    private readonly Option<string?> _data =
        RunSetting.Option<string?>(nameof(RunSettings.Data), "Data set (default: the one the model was trained on).");
    private readonly Option<string?> _dataDirectory =
        RunSetting.Option<string?>(nameof(RunSettings.DataDir), "Folder that holds the data set's files (default: as in training).");
    private readonly Option<string?> _split = ChoiceOption.Create("--split", "Part of the data set (default: test).", SplitChoice.Names);
    private readonly Option<int?> _batch =
        RunSetting.Option<int?>(nameof(RunSettings.Batch), $"Images in a batch (default: {DefaultBatch}).");
    private readonly Option<long?> _seed = RunSetting.Option<long?>(
        nameof(RunSettings.Seed), "Seed of torch's random numbers; nothing that evaluate does uses them (default: 1).");
    private readonly Option<double?> _gamma =
        RunSetting.Option<double?>(nameof(RunSettings.Gamma), "Factor gamma of the latent operator (default: the model's).");
    private readonly Option<int[]?> _applications = ApplicationsOption.Create();
    private readonly Option<int?> _starts = StartsOption.Create();
    private readonly Option<string?> _output =
        new("--output", "-o") { Description = "Folder for the charts of --applications (default: the model's).", HelpName = "folder" };
    private readonly SolveOptions _solve = new();
    private readonly CommonOptions _common = new();

    public Command Create()
    {
        Command command = new("evaluate", "Evaluate a model on a data set.") { _model, _data, _dataDirectory, _split, _batch, _seed,
            _gamma, _applications, _starts, _output };
        _solve.AddTo(command);
        _common.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_applications) is not null && result.GetResult(_starts) is not null)
            {
                result.AddError("--starts does not go with --applications, which solves nothing");
            }
        });
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command,
            "implicitnet evaluate --model runs/digits-20260131-180000",
            "implicitnet evaluate --model runs/first --split validation --tolerance 1e-5",
            "implicitnet evaluate --model runs/first --applications 1,2,3,5,10",
            "implicitnet evaluate --model runs/first --starts 4",
            "implicitnet evaluate --model runs/first --quiet --json");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        terminal.IsQuiet = parsed.GetValue(_common.Quiet);
        string folder = parsed.GetRequiredValue(_model);
        string split = parsed.GetValue(_split) ?? SplitChoice.Test;
        ModelConfig config = ModelFolder.LoadConfig(folder);
        RunSettings settings = ModelImages.Settings(folder, config, parsed.GetValue(_data), parsed.GetValue(_dataDirectory));
        if (parsed.GetValue(_applications) is not { Length: > 0 })
        {
            // Before torch is loaded and the data are, which take seconds.
            terminal.Tell($"[bold]{Markup.Escape(folder)}[/] on {settings.Data}, {split}");
        }

        Device device = DeviceChoice.Open(parsed.GetValue(_common.Device) ?? DeviceChoice.Processor);
        int threads = DeviceChoice.SetThreads(parsed.GetValue(_common.Threads), terminal);
        random.manual_seed(parsed.GetValue(_seed) ?? 1);
        ClassifierOptions sizes = ModelImages.Sizes(folder, config);
        config = config with { Network = sizes with { Gamma = parsed.GetValue(_gamma) ?? sizes.Gamma } };
        using ImplicitNetwork network = ModelFolder.LoadNetwork(folder, config);
        network.to(device);
        _solve.Apply(parsed, config, network);

        ImageDataset images = ModelImages.Load(folder, config, settings, split, terminal, cancellation);
        ImageBatches source = new(images, new BatchOptions
        {
            Normalization = config.Normalization,
            BatchSize = parsed.GetValue(_batch) ?? DefaultBatch,
            Device = device,
        });
        if (parsed.GetValue(_applications) is { Length: > 0 } numbers)
        {
            ApplicationResult study = new ApplicationRun(terminal, folder, parsed.GetValue(_output) ?? folder, cancellation)
                .Execute(network, source, numbers) with
            {
                Data = settings.Data,
                Split = split,
                Threads = threads,
                Device = device.type.ToString().ToLowerInvariant(),
            };
            if (parsed.GetValue(_common.Json))
            {
                terminal.Raw(JsonSerializer.Serialize(study, ResultJson.Default.ApplicationResult));
            }

            return ExitCodes.Success;
        }

        Classification task = new();
        SeveralStarts? starts = SeveralStarts.Of(parsed.GetValue(_starts));
        StartsResult? agreement = starts is null ? null : terminal.WithBar(
            bar => starts.Measure(network, source, new ShareProgress(bar, $"solving from {starts.Count} starts"), cancellation));
        EvaluationResult evaluation =
            terminal.WithBar(bar => Evaluator.Evaluate(
                network,
                task,
                source,
                starts is null ? null : starts.Best,
                progress: new ShareProgress(bar, $"evaluating {split}"),
                cancellation: cancellation));
        ContractionReport contraction = FinalTest.Measure(network, source);
        ClassifierResult result = SplitChoice.Place(ClassifierResult.Of(evaluation, contraction), split, task, evaluation) with
        {
            Parameters = network.parameters().Sum(parameter => parameter.numel()),
            Seconds = evaluation.Seconds,
            Data = settings.Data,
            Threads = threads,
            Device = device.type.ToString().ToLowerInvariant(),
            Model = folder,
            Starts = starts?.Count ?? 1,
            Agreement = agreement,
        };
        Show(result, evaluation);
        if (parsed.GetValue(_common.Json))
        {
            terminal.Raw(JsonSerializer.Serialize(result, ResultJson.Default.ClassifierResult));
        }

        return ExitCodes.Success;
    }

    private void Show(ClassifierResult result, EvaluationResult evaluation)
    {
        ResultScreen.Row(
            terminal, "accuracy", Display.Percent(evaluation.Accuracy ?? double.NaN), $"{Display.Count(evaluation.Count)} images");
        ResultScreen.Row(terminal, "loss", Display.Number(evaluation.Loss));
        ResultScreen.Solver(terminal, result);
        if (result.Agreement is { } agreement)
        {
            ResultScreen.Starts(terminal, agreement);
        }

        ResultScreen.Row(
            terminal,
            "speed",
            $"{Display.Count((long)(evaluation.Count / Math.Max(1e-9, evaluation.Seconds)))} images/s",
            Display.Seconds(evaluation.Seconds));
    }
}
