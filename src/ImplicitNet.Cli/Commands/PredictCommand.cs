using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>predict: what a model says about image files.</summary>
internal sealed class PredictCommand(Terminal terminal, CancellationToken cancellation)
{
    private readonly Argument<string[]> _images = new("images")
    {
        Description = "PNG, JPEG, WebP, GIF or BMP files, one digit or one thing each.",
        Arity = ArgumentArity.OneOrMore,
        HelpName = "image"
    };
    private readonly Option<string> _model = ModelOption.Create();
    private readonly Option<int?> _starts = StartsOption.Create();
    private readonly SolveOptions _solve = new();
    private readonly CommonOptions _common = new();

    public Command Create()
    {
        Command command = new("predict", "Classify image files.") { _images, _model, _starts };
        _solve.AddTo(command);
        _common.AddTo(command);
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command,
            "implicitnet predict --model runs/digits-20260131-180000 seven.png",
            "implicitnet predict --model runs/first --starts 4 seven.png",
            "implicitnet predict --model runs/first --json scans/*.jpg");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        terminal.IsQuiet = parsed.GetValue(_common.Quiet);
        string folder = parsed.GetRequiredValue(_model);
        string[] paths = parsed.GetRequiredValue(_images);
        Device device = DeviceChoice.Open(parsed.GetValue(_common.Device) ?? DeviceChoice.Processor);
        DeviceChoice.SetThreads(parsed.GetValue(_common.Threads), terminal);
        (ImplicitNetwork network, ModelConfig config) = ModelFolder.Load(folder);
        using ImplicitNetwork owned = network;
        network.to(device);
        _solve.Apply(parsed, config, network);
        byte[]?[] images = [.. paths.Select(path => PredictImage.Read(path, folder, config))];

        long begin = Stopwatch.GetTimestamp();
        SeveralStarts? starts = SeveralStarts.Of(parsed.GetValue(_starts));
        IReadOnlyList<PredictionResult.Prediction> predictions = Predict(network, config, device, paths, images, starts);
        PredictionResult result = new()
        {
            Model = folder,
            Images = predictions,
            Seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds,
            Starts = starts?.Count ?? 1,
        };
        PredictionScreen.Show(terminal, predictions, ClassNames.Of(config.Data, config.Network.Classes));
        if (parsed.GetValue(_common.Json))
        {
            terminal.Raw(JsonSerializer.Serialize(result, ResultJson.Default.PredictionResult));
        }

        string[] blank = [.. predictions.Where(prediction => prediction.Status == PredictionResult.NoInk)
            .Select(prediction => prediction.Path)];
        return blank.Length == 0 ? ExitCodes.Success : throw new CommandException(
            $"{blank[0]}: no ink was found{(blank.Length == 1 ? "" : $", as in {blank.Length - 1} other images")}; "
            + "one digit, darker or lighter than its ground, was expected.");
    }

    private PredictionResult.Prediction[] Predict(
        ImplicitNetwork network, ModelConfig config, Device device, string[] paths, byte[]?[] images, SeveralStarts? starts)
    {
        const int batchSize = 250;
        IReadOnlyList<string> names = ClassNames.Of(config.Data, config.Network.Classes);
        PredictionResult.Prediction[] predictions =
            [.. paths.Select(path => new PredictionResult.Prediction(path, null, null, [], 0, PredictionResult.NoInk, null))];
        using IDisposable noGraph = no_grad();
        foreach (int[] indices in Enumerable.Range(0, images.Length).Where(i => images[i] is not null).Chunk(batchSize))
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor inputs = PredictImage.ToTensor([.. indices.Select(i => images[i]!)], config).to(device);
            IReadOnlyList<StartsResult.Sample>? agreements = starts?.Measure(network, inputs);
            using SolveScope best = new(starts is null ? null : starts.Best);
            using ImplicitResult result = network.Run(inputs, cancellation: cancellation);
            float[] shares = [.. nn.functional.softmax(result.Output, 1).cpu().data<float>()];
            for (int place = 0; place < indices.Length; place++)
            {
                float[] row = shares[(place * config.Network.Classes)..((place + 1) * config.Network.Classes)];
                int? answer = row.All(float.IsFinite) ? Array.IndexOf(row, row.Max()) : null;
                Solvers.SampleReport sample = result.Report.Samples[place];
                predictions[indices[place]] = new PredictionResult.Prediction(
                    paths[indices[place]],
                    answer,
                    answer is { } known ? names[known] : null,
                    [.. row.Select(share => float.IsFinite(share) ? share : (double?)null)],
                    sample.Steps,
                    sample.Status.ToString(),
                    double.IsFinite(sample.Residual) ? sample.Residual : null)
                {
                    Agreement = agreements?[place],
                };
            }
        }

        return predictions;
    }
}
