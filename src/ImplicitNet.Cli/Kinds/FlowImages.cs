using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Models.Flows;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Images by neural ODEs.</summary>
internal sealed class FlowImages : ImageKind
{
    private const int Channels = 64;

    private static readonly HashSet<string> OfImages =
    [
        nameof(RunSettings.DataDir), nameof(RunSettings.Images), nameof(RunSettings.TestImages), nameof(RunSettings.Shift),
        nameof(RunSettings.Augment), nameof(RunSettings.Channels), nameof(RunSettings.Task),
    ];

    public override bool IsOfFlows => true;

    public override bool Fits(NetworkOptions network) => network is ConvolutionalOdeOptions;

    public override bool Trains(string network) => FlowNetworkChoice.Names.Contains(network);

    public override bool Takes(RunSetting setting) => OfImages.Contains(setting.Property)
        || (FlowOptions.Settings.Contains(setting.Property)
            && setting.Property is not (nameof(RunSettings.Samples) or nameof(RunSettings.TestSamples)));

    public override RunSettings DefaultsFor(string data, bool isPublished = false) => Usual(data) with
    {
        Network = FlowNetworkChoice.Plain,
        Batch = 64,
        LearningRate = 3e-3,
        Warmup = data == DataChoice.Digits ? 50 : 300,
        Average = 0.99,
        Tolerance = 1e-2,
        AbsoluteTolerance = 1e-2,
        MaxSteps = 1_000,
    };

    public override string? Problem(RunSettings settings) => FlowOptions.Problem(settings.Tolerance);

    public override string Model(RunSettings settings) => FlowWords.Model(settings.Network);

    public override string Gradient(RunSettings settings) => FlowWords.Gradient;

    public override string Network(RunSettings settings) => FlowWords.Network(settings);

    public override string Network(NetworkConfig config) => config.Architecture;

    public override string Solve(RunSettings settings) => FlowWords.Solve(settings);

    protected override NetworkConfig Sized(RunSettings settings, DataSplits splits) => settings.ToConfig(new ConvolutionalOdeOptions
    {
        Height = splits.Train.Height,
        Width = splits.Train.Width,
        InputChannels = splits.Train.Channels,
        Channels = settings.Channels ?? Channels,
        Classes = splits.Train.ClassCount,
        Zeros = FlowNetworkChoice.Zeros(settings.Network, settings.Data),
    });
}
