using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Models.Flows;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using Spectre.Console;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What is answered by following a flow: points, and time series.</summary>
internal sealed class FlowKind : RunKind
{
    /// <summary>Its name.</summary>
    public const string Flows = "flows";

    public override bool IsOfFlows => true;

    public override string Name => Flows;

    public override bool Has(string data) => FlowData.IsMeant(data);

    public override RunSettings DefaultsFor(string data, bool isPublished = false)
    {
        RunSettings usual = new()
        {
            Data = data,
            Network = FlowNetworkChoice.Augmented,
            Epochs = 30,
            Validation = 500,
            Batch = 64,
            LearningRate = 1e-2,
            Tolerance = 1e-3,
            AbsoluteTolerance = 1e-3,
            MaxSteps = 1_000,
        };
        return data switch
        {
            FlowData.Annuli or FlowData.Swap => usual,
            _ => usual with { Epochs = 100, Batch = 32, LearningRate = 5e-3 },
        };
    }

    public override string? Problem(RunSettings settings) => settings switch
    {
        { Network: var network } when !FlowNetworkChoice.Names.Contains(network) =>
            $"network {network}: that is for images; of {Flows} there are {string.Join(" and ", FlowNetworkChoice.Names)}.",
        { Samples: { } samples } when FlowData.FileOf(settings.Data) is not null =>
            $"samples {samples}: a table has the rows that it has; leave rows out of the file.",
        { TestSamples: { } samples } when FlowData.FileOf(settings.Data) is not null =>
            $"test-samples {samples}: the last rows of a table are tested on, one in seven.",
        _ => FlowOptions.Problem(settings.Tolerance),
    };

    public override bool Takes(RunSetting setting) => FlowOptions.Settings.Contains(setting.Property);

    public override string? Refusal(string data, RunSetting setting) =>
        setting.Property == nameof(RunSettings.Validation) && FlowData.FileOf(data) is not null
            ? "of a table one row in seven is validated on, before the last seventh; leave it out."
            : null;

    public override string Samples(string data) => FlowData.Samples(data);

    public override bool Fits(NetworkOptions network) => network is FlowNetworkOptions { Images: null };

    public override string Short(string data) => FlowData.Short(data);

    public override string Model(RunSettings settings) => FlowWords.Model(settings.Network);

    public override string Gradient(RunSettings settings) => FlowWords.Gradient;

    public override string Network(RunSettings settings) => FlowWords.Network(settings);

    public override string Network(NetworkConfig config) => config.Architecture;

    public override string Solve(RunSettings settings) => FlowWords.Solve(settings);

    public override TrainingTask Task(RunSettings settings) => settings.Data == FlowData.Annuli ? new SignedRegression() : new Regression();

    public override (string Value, string Note) Score(string data, string name, double value) =>
        (Display.Number(value, "0.0000"), FlowData.FileOf(data) is null ? "on average" : "on average, in standard deviations");

    public override RunSubject Load(RunSettings settings, Terminal terminal, CancellationToken cancellation) =>
        FlowSubject.Load(settings, Task(settings));

    public override IndexedBatches Source(
        SavedModel model, RunSettings settings, string split, int? count, int? batchSize, Device device, Terminal terminal,
        CancellationToken cancellation)
    {
        FlowNetworkOptions network = (FlowNetworkOptions)model.Config.Options;
        bool isTable = FlowData.FileOf(settings.Data) is not null;
        if (isTable != network is SeriesForecasterOptions)
        {
            throw new CommandException(
                $"{model.Folder}: the network there is for {(isTable ? "points" : "tables")} and does not take {Short(settings.Data)}.",
                ExitCodes.Usage);
        }

        FlowSubject subject = FlowSubject.Load(settings, Task(settings), network as SeriesForecasterOptions);
        if (subject.Network is NeuralOdeOptions asked && network is NeuralOdeOptions own && Sizes(asked) != Sizes(own))
        {
            throw new CommandException(
                $"{model.Folder}: the network there has {Sizes(own)}; {settings.Data} needs one with {Sizes(asked)}.", ExitCodes.Usage);
        }

        IndexedBatches source = subject.Part(split);
        if (FlowSubject.LeftOut(source, split) is { } left)
        {
            terminal.Tell($"  [yellow]{Markup.Escape(left)}[/]");
        }

        return source;
    }

    public override int BatchOf(string data) => FlowSubject.LargestBatch;

    private static string Sizes(NeuralOdeOptions network) => FormattableString.Invariant(
        $"{network.Inputs} in and {(network.Outputs == 0 ? network.Inputs : network.Outputs)} out");
}
