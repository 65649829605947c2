using System.CommandLine;
using ImplicitNet.Benchmarks.Latency;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;

namespace ImplicitNet.Benchmarks.Commands;

/// <summary>latency: inference of one image at a time and in batches, of a contraction and of the published network.</summary>
internal sealed class LatencyCommand
{
    private const int DefaultCalls = 500;

    // The published weights that there are for MNIST are those of the explicit twin: as an implicit network they have a
    // fixed point at this gamma, and none at 0.3 and above.
    private const double DefaultGamma = 0.1;

    private readonly Option<string?> _model = new("--model", "-m")
    {
        Description = "Model folder (default: "
        + "a digit classifier with the weights it begins with).",
        HelpName = "folder"
    };
    private readonly Option<string?> _weights =
        new("--weights") { Description = "Weights of a published MNIST network (default: those it begins with).", HelpName = "file.pth" };
    private readonly Option<double?> _gamma =
        RunSetting.Option<double?>(nameof(RunSettings.Gamma), $"The published network's factor in R (default: {DefaultGamma}).");
    private readonly Option<int?> _calls = NumberOption.Whole("--calls", $"Images inferred one at a time (default: {DefaultCalls}).");
    private readonly Option<int[]> _batches = NumberListOption.Create("--batches", "Images in a batch", [10, 100, 400, 1000]);
    private readonly MeasurementOptions _common = new();

    public Command Create()
    {
        Command command = new("latency", "Measure inference: the latency of single images, the throughput of batches, "
            + "and what each image is paid for.")
        {
            _model, _weights, _gamma, _calls, _batches, _common.DataDirectory,
        };
        _common.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        Machine machine = _common.Begin(parsed);
        int calls = parsed.GetValue(_calls) ?? DefaultCalls;
        int[] batches = parsed.GetValue(_batches)!;
        MeasuredImages images = MeasuredImages.Load(parsed.GetValue(_common.DataDirectory), Math.Max(calls, batches[^1]));
        List<LatencyResult> results = [];
        foreach ((string name, ImplicitNetwork network, PixelNormalization normalization) in Networks(parsed, images.Normalization))
        {
            using ImplicitNetwork owned = network;
            network.eval();
            network.OnFailure = new MaskFailures();
            LatencyMeasurement measurement = new(network, images.Test, normalization);
            results.Add(new LatencyResult(
                name, images.Name, machine, measurement.OneByOne(calls),
                [.. batches.Select(batch => measurement.InBatches(batch, _common.RoundsOf(parsed)))]));
            output.WriteLine(results[^1]);
        }

        (string? json, string? markdown) = _common.FilesOf(parsed);
        ResultFiles.Write(json, results, markdown, machine, ("One image at a time", LatencyResult.Latencies(results)),
            ("In batches", LatencyResult.Throughputs(results)));
        return ExitCodes.Success;
    }

    private IEnumerable<(string Name, ImplicitNetwork Network, PixelNormalization Normalization)> Networks(
        ParseResult parsed, PixelNormalization normalization)
    {
        if (parsed.GetValue(_model) is { } folder)
        {
            (ImplicitNetwork network, ModelConfig config) = ModelFolder.Load(folder);
            yield return ($"model {Path.GetFileName(Path.GetFullPath(folder))} ({config.Architecture})", network, config.Normalization);
        }
        else
        {
            yield return ("digit classifier, untrained", DigitClassifier.Create(), normalization);
        }

        MnistFpnOptions options = new() { Gamma = parsed.GetValue(_gamma) ?? DefaultGamma };
        if (parsed.GetValue(_weights) is { } weights)
        {
            ImplicitNetwork network = PublishedWeights.Read(weights, layers => new ModelConfig
            {
                Data = "mnist",
                Network = options with { LatentLayers = layers },
                PixelMean = normalization.Mean,
                PixelDeviation = normalization.Deviation,
            }).Network;
            yield return ($"published network, {Path.GetFileName(weights)}", network, normalization);
        }
        else
        {
            yield return ("published network, untrained", MnistFpn.Create(options), normalization);
        }
    }
}
