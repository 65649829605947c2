using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using ImplicitNet.Cli.Images;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>predict: what a model says about image files.</summary>
internal sealed class PredictCommand(Terminal terminal, CancellationToken cancellation)
{
    private static readonly string[] Verbs = ["is", "has", "cannot", "announces"];

    private readonly Argument<string[]> _images = new("images")
    {
        Description = $"{ImageFormat.Expected} files, or a folder of them: with one digit or one thing each for a classifier, which "
            + "answers with one of its classes, whatever it is shown; a picture with nothing on it is reported, and so are measured "
            + $"reasons to doubt an answer. For a maze solver with a maze each: {MazeImage.Expected}, all cells squares of one size. For a "
            + "model of time series a table (csv) that is to be continued; for a model of points \"plane\", which is drawn.",
        Arity = ArgumentArity.OneOrMore,
        HelpName = "image"
    };
    private readonly Option<string> _model = ModelOption.Create();
    private readonly Option<int?> _starts = StartsOption.Create();
    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "File for the solved maze, of a maze solver and one picture: .png or .svg, or .gif for the solve step by step; for "
            + $"the forecast of a table, or the plane of a model of points: .png or .svg (default of "
            + $"a plane: MODEL/{PredictFlow.PlaneFile}).",
        HelpName = "file",
    };
    private readonly Option<int?> _rows = NumberOption.Whole(
        "--rows", "Rows to forecast for a table of time series, from one to the next the median gap of the table that was trained on "
            + $"(default: {PredictFlow.UsualRows}).", least: 1, most: 10_000);
    private readonly SolveOptions _solve = new();
    private readonly CommonOptions _common = new();

    public Command Create()
    {
        Command command = new("predict", "Classify image files, solve mazes that were drawn, or forecast time series.")
        {
            _images, _model, _starts, _output, _rows,
        };
        _solve.AddTo(command);
        _common.AddTo(command);
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command,
            "implicitnet predict --model runs/digits-20260131-180000 seven.png",
            "implicitnet predict --model runs/first --starts 4 seven.png",
            "implicitnet predict --model runs/mazes maze.png --output solved.gif",
            "implicitnet predict --model runs/tides tides.csv --rows 48 --output forecast.png",
            "implicitnet predict --model runs/first --json scans/*.jpg",
            "implicitnet predict --model runs/first scans");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        terminal.IsQuiet = parsed.GetValue(_common.Quiet);
        string folder = parsed.GetRequiredValue(_model);
        Device device = DeviceChoice.Open(parsed.GetValue(_common.Device) ?? DeviceChoice.Processor);
        DeviceChoice.SetThreads(parsed.GetValue(_common.Threads), terminal);
        SavedModel model = SavedModel.In(folder);
        if (model.Config is FlowModelConfig { Options.Images: null } flow)
        {
            return RunFlow(parsed, folder, flow, device);
        }

        if (parsed.GetResult(_rows) is not null)
        {
            throw new CommandException($"--rows is for time series alone; {folder} is no model for them.", ExitCodes.Usage);
        }

        if (model.Config is FlowModelConfig images)
        {
            FlowOptions.RefuseOthers(
                parsed, folder, _model, _solve.Tolerance, _solve.AbsoluteTolerance, _solve.MaxSteps, _common.Threads, _common.Device,
                _common.Quiet, _common.Json);
            model = model with { Config = FlowOptions.Over(parsed, _solve, images) };
        }

        NetworkConfig config = model.Config;
        using nn.Module<Tensor, Tensor> network = model.LoadNetwork();
        network.to(device);
        if (network is ImplicitNetwork own)
        {
            _solve.Apply(parsed, model.FixedPoints, own);
        }

        IReadOnlyList<string> paths = PictureFiles.In(parsed.GetRequiredValue(_images));
        if (config is ModelConfig { Network: GridSolverOptions } grids && network is ImplicitNetwork solver)
        {
            MazeResult mazes = new PredictMazes(terminal, cancellation).Run(
                folder, grids, solver, paths, SeveralStarts.Of(parsed.GetValue(_starts), GridTask.Mazes.Symmetries),
                parsed.GetValue(_solve.MaxSteps), parsed.GetValue(_output));
            if (parsed.GetValue(_common.Json))
            {
                terminal.Raw(JsonSerializer.Serialize(mazes, ResultJson.Default.MazeResult));
            }

            return Ended([.. mazes.Mazes.Select(maze => (maze.Path, maze.Error))]);
        }

        if (parsed.GetValue(_output) is { } output)
        {
            throw new CommandException($"--output {output} is for mazes; {folder} is a model for {config.Data}.", ExitCodes.Usage);
        }

        ImageSizes sizes = ModelImages.Sizes(folder, config);
        SeenPicture[] pictures = [.. paths.Select(path => PredictImage.Read(path, folder, config))];

        long begin = Stopwatch.GetTimestamp();
        SeveralStarts? starts = SeveralStarts.Of(parsed.GetValue(_starts), [default]);
        PredictionResult.Prediction[] predictions = Predict(network, config, sizes, device, pictures, starts);
        PredictionResult result = new()
        {
            Model = folder,
            Images = predictions,
            Seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds,
            Starts = starts?.Count ?? 1,
        };
        PredictionScreen.Show(terminal, predictions, ClassNames.Of(config.Data, sizes.Classes));
        if (parsed.GetValue(_common.Json))
        {
            terminal.Raw(JsonSerializer.Serialize(result, ResultJson.Default.PredictionResult));
        }

        return Ended([.. predictions.Select(prediction => (prediction.Path, prediction.Error))]);
    }

    private int RunFlow(ParseResult parsed, string folder, FlowModelConfig own, Device device)
    {
        FlowOptions.RefuseOthers(
            parsed, folder, _model, _output, _rows, _solve.Tolerance, _solve.AbsoluteTolerance, _solve.MaxSteps, _common.Threads,
            _common.Device, _common.Quiet, _common.Json);
        FlowModelConfig config = FlowOptions.Over(parsed, _solve, own);
        using FlowModel network = ModelFolder.LoadNetwork(folder, config);
        network.to(device);
        FlowPrediction prediction = new PredictFlow(terminal, folder, network, config).Run(
            parsed.GetRequiredValue(_images), parsed.GetValue(_rows), parsed.GetValue(_output));
        if (parsed.GetValue(_common.Json))
        {
            terminal.Raw(JsonSerializer.Serialize(prediction, ResultJson.Default.FlowPrediction));
        }

        return ExitCodes.Success;
    }

    /// <summary>Success where every picture has an answer.</summary>
    /// <exception cref="CommandException">One has none.</exception>
    private static int Ended((string Path, string? Error)[] pictures)
    {
        (string Path, string? Error)[] without = [.. pictures.Where(picture => picture.Error is not null)];
        if (without.Length == 0)
        {
            return ExitCodes.Success;
        }

        (string path, string error) = (without[0].Path, without[0].Error ?? "");
        if (without.Length == 1)
        {
            throw new CommandException($"{path}: {error}");
        }

        // What is wrong with a file goes on behind its name, or is a sentence of its own.
        bool goesOn = Array.Exists(Verbs, verb => error.StartsWith($"{verb} ", StringComparison.Ordinal));
        throw new CommandException(
            $"{without.Length} of {pictures.Length} pictures have no answer. The first, {path}{(goesOn ? "," : ":")} {error}");
    }

    private PredictionResult.Prediction[] Predict(
        nn.Module<Tensor, Tensor> network, NetworkConfig config, ImageSizes sizes, Device device, SeenPicture[] pictures,
        SeveralStarts? starts)
    {
        const int batchSize = 250;
        IReadOnlyList<string> names = ClassNames.Of(config.Data, sizes.Classes);
        PredictionResult.Prediction[] predictions =
        [
            .. pictures.Select(picture =>
                new PredictionResult.Prediction(picture.Path, null, null, [], 0, picture.Status, null) { Error = picture.Error }),
        ];
        using IDisposable noGraph = no_grad();
        foreach (int[] indices in Enumerable.Range(0, pictures.Length).Where(i => pictures[i].Pixels is not null).Chunk(batchSize))
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor inputs = PredictImage.ToTensor([.. indices.Select(i => pictures[i].Pixels!)], sizes, config.Normalization).to(device);
            IReadOnlyList<StartsResult.Sample>? agreements = starts?.Measure((ImplicitNetwork)network, inputs);
            using SolveScope solves = new(
                starts is null ? null : starts.Best, flowSettings: own => own with { OnFailure = new MaskFailures() },
                cancellation: cancellation);
            float[] shares = [.. nn.functional.softmax(network.call(inputs), 1).cpu().data<float>()];
            SolveReport? solve = solves.Flows.Count == 0 ? solves.Solves[0].Report : null;
            (int Steps, string Status, double Residual, double? Bound)[] ends = solves.Flows is [ScopedFlow flow]
                ? [.. flow.Report.Samples.Select(sample => (sample.Steps, sample.Status.ToString(), double.NaN, (double?)null))]
                : [.. solve!.Samples.Select(sample => (sample.Steps, sample.Status.ToString(), sample.Residual, sample.ErrorBound))];
            IReadOnlyList<bool> included = solves.Flows is [ScopedFlow one] ? one.Included : [];
            for (int place = 0; place < indices.Length; place++)
            {
                float[] row = shares[(place * sizes.Classes)..((place + 1) * sizes.Classes)];
                int? answer = row.All(float.IsFinite) && (included.Count == 0 || included[place]) ? Array.IndexOf(row, row.Max()) : null;
                (int steps, string status, double residual, double? bound) = ends[place];
                SeenPicture picture = pictures[indices[place]];
                PredictionResult.Prediction prediction = new(
                    picture.Path,
                    answer,
                    answer is { } known ? names[known] : null,
                    [.. row.Select(share => float.IsFinite(share) ? share : (double?)null)],
                    steps,
                    status,
                    double.IsFinite(residual) ? residual : null)
                {
                    ErrorBound = bound,
                    ErrorNorm = bound is null ? null : solve?.ErrorNorm?.ToString(),
                    Agreement = agreements?[place],
                    Margin = answer is null ? null : row.OrderDescending().Take(2).Aggregate((first, second) => first - second),
                    Ink = picture.Ink?.Share,
                    StrokeWidth = picture.Ink?.StrokeWidth,
                };
                predictions[indices[place]] = prediction with { Doubts = Doubts.Of(prediction) };
            }
        }

        return predictions;
    }
}
