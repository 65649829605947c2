using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Images by networks whose outputs move by no more than their pixels.</summary>
internal sealed class RobustImages : ImageKind
{
    /// <summary>What the networks are called.</summary>
    public const string Networks = "robust networks";

    // Steps are cheap, and a solve that ends early is what a certificate has to make allowance for.
    private const double Tolerance = 1e-5;

    private static readonly MarginClassification Usually = new();

    public override TrainingTask Task(RunSettings settings) => Usually with { Margin = settings.Margin ?? Usually.Margin };

    public override bool Fits(NetworkOptions network) => network is RobustClassifierOptions;

    public override bool Trains(string network) => network == NetworkChoice.Robust;

    public override bool Takes(RunSetting setting) =>
        setting.Property is not (nameof(RunSettings.Published) or nameof(RunSettings.LatentLayers))
            && (base.Takes(setting) || setting.Flag.Only?.Contains(Networks, StringComparison.Ordinal) == true);

    public override RunSettings DefaultsFor(string data, bool isPublished = false) => Usual(data) with
    {
        Network = NetworkChoice.Robust,
        Batch = 250,
        Epochs = 20,
        LearningRate = 5e-3,
        Shift = 0,
        Tolerance = Tolerance,
    };

    public override string? Problem(RunSettings settings) => NetworkChoice.Problem(settings);

    public override string Model(RunSettings settings) => settings.Explicit ? "explicit twin" : "robust classifier";

    public override string Network(RunSettings settings) =>
        $"{settings.Network}, {Display.Counted(Sizes(settings).States, "state")}, margin "
            + Display.Number(((MarginClassification)Task(settings)).Margin, "0.######")
            + (settings.Explicit ? ", explicit twin (R applied once)" : "");

    public override string Network(NetworkConfig config) =>
        $"{NetworkChoice.Robust}, {Display.Counted(((RobustClassifierOptions)config.Options).States, "state")}";

    public override string Solve(RunSettings settings) =>
        $"contraction factor {Display.Number(settings.Gamma, "0.###")}, tolerance {settings.ToleranceWords}";

    public override (string Value, string Note) Score(string data, string name, double value) =>
        (Display.Percent(value), "right by the margin");

    /// <summary>Around the mean of the pixels, and in their own units.</summary>
    protected override PixelNormalization Normalization(PixelNormalization usual) =>
        new(usual.Mean, [.. usual.Deviation.Select(_ => 1.0)]);

    protected override NetworkConfig Sized(RunSettings settings, DataSplits splits) => settings.ToModelConfig(Sizes(settings) with
    {
        Height = splits.Train.Height,
        Width = splits.Train.Width,
        ImageChannels = splits.Train.Channels,
        Classes = splits.Train.ClassCount,
    });

    private static RobustClassifierOptions Sizes(RunSettings settings)
    {
        RobustClassifierOptions network = new();
        return network with
        {
            States = settings.Channels ?? network.States,
            Gamma = settings.Gamma,
            Explicit = settings.Explicit,
        };
    }
}
