using System.CommandLine;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Benchmarks.Paired;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Benchmarks.Commands;

/// <summary>paired: the library against the naive procedure, and an implicit network against its explicit twin.</summary>
internal sealed class PairedCommand
{
    private const string Training = "training";
    private const string Inferring = "inference";
    private const string Twin = "explicit";
    private const int DefaultBatch = 100;
    private const int DefaultInferenceBatch = 400;
    private const int DefaultSteps = 20;
    private const double DefaultGamma = 0.95;
    private const int DefaultTrainingSteps = 1500;

    private readonly Option<string?> _pair =
        ChoiceOption.Create("--pair", "Measure this pair only (default: all three).", Training, Inferring, Twin);
    private readonly Option<int?> _batch =
        NumberOption.Whole("--batch", $"Images in a batch of training (default: {DefaultBatch}).", least: 2);
    private readonly Option<int?> _steps = NumberOption.Whole("--steps", $"Training steps in a round (default: {DefaultSteps}).");
    private readonly Option<int?> _inferenceBatch =
        NumberOption.Whole("--inference-batch", $"Images in a batch of inference (default: {DefaultInferenceBatch}).");
    private readonly Option<int?> _images =
        NumberOption.Whole("--images", "Most images of each part of the data (default: all).", least: 10);
    private readonly Option<string?> _weights = new("--weights")
    {
        Description = "Inference: weights of a published MNIST network, trained as an implicit one (default: "
            + "trained here by the naive procedure).",
        HelpName = "file.pth",
    };

    private readonly Option<double?> _gamma =
        RunSetting.Option<double?>(nameof(RunSettings.Gamma), $"Inference: the factor in R (default: {DefaultGamma}).");
    private readonly Option<int?> _trainingSteps = NumberOption.Whole("--training-steps", $"Inference without --weights: "
        + $"training steps before, of either side (default: {DefaultTrainingSteps}).");
    private readonly Option<string?> _model =
        new("--model", "-m")
        {
            Description = "Inference: a model folder to compare too, such as a digit classifier's.",
            HelpName = "folder"
        };
    private readonly MeasurementOptions _common = new();

    public Command Create()
    {
        Command command = new("paired", "Time the library against a naive procedure, in turns, with what both computed.")
        {
            _pair, _batch, _steps, _inferenceBatch, _images, _weights, _gamma, _trainingSteps, _model, _common.DataDirectory,
        };
        _common.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        Machine machine = _common.Begin(parsed);
        MeasuredImages images = MeasuredImages.Load(parsed.GetValue(_common.DataDirectory), parsed.GetValue(_images));
        List<PairResult> results = [];
        foreach (PairResult result in Results(parsed, images, machine, output))
        {
            output.WriteLine(result);
            results.Add(result);
        }

        (string? json, string? markdown) = _common.FilesOf(parsed);
        ResultFiles.Write(json, results, markdown, machine, ("Paired", PairResult.Table(results)));
        return ExitCodes.Success;
    }

    private IEnumerable<PairResult> Results(ParseResult parsed, MeasuredImages images, Machine machine, TextWriter output)
    {
        Rounds rounds = _common.RoundsOf(parsed);
        string? only = parsed.GetValue(_pair);
        int batch = parsed.GetValue(_batch) ?? DefaultBatch;
        int steps = parsed.GetValue(_steps) ?? DefaultSteps;
        if (only is null or Training)
        {
            using TrainingPairs pairs = new(images, batch, steps);
            foreach (PairResult result in pairs.Run(rounds, machine, images.Name))
            {
                yield return result;
            }
        }

        if (only is null or Inferring)
        {
            using InferencePairs pairs = new(
                images,
                parsed.GetValue(_inferenceBatch) ?? DefaultInferenceBatch,
                parsed.GetValue(_gamma) ?? DefaultGamma,
                parsed.GetValue(_weights),
                parsed.GetValue(_trainingSteps) ?? DefaultTrainingSteps);
            foreach (PairResult result in pairs.Run(rounds, machine, parsed.GetValue(_model), output))
            {
                yield return result;
            }
        }

        if (only is null or Twin)
        {
            using ExplicitPair pair = new(images, batch, steps);
            yield return pair.Run(rounds, machine, images.Name);
        }
    }
}
