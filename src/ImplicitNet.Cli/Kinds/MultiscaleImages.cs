using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Images by multiscale deep equilibrium models.</summary>
internal sealed class MultiscaleImages : ImageKind
{
    /// <summary>What the networks are called.</summary>
    public const string Networks = "multiscale networks";

    public override bool Fits(NetworkOptions network) => network is MultiscaleClassifierOptions;

    public override bool Trains(string network) => network == NetworkChoice.Multiscale;

    public override bool Takes(RunSetting setting) =>
        setting.Property is not (nameof(RunSettings.Gamma) or nameof(RunSettings.Published) or nameof(RunSettings.LatentLayers))
            && (base.Takes(setting) || setting.Flag.Only?.Contains(Networks, StringComparison.Ordinal) == true);

    public override RunSettings DefaultsFor(string data, bool isPublished = false) => Usual(data) with
    {
        Network = NetworkChoice.Multiscale,
        Solver = SolverChoice.Anderson,
        MaxSteps = 30,

        // Until the weights have settled solves would take many more, and samples that failed would be left out.
        TrainSteps = 8,
        TrainTolerance = 0.01,
    };

    public override string? Problem(RunSettings settings) => NetworkChoice.Problem(settings);

    public override string Model(RunSettings settings) => settings.Explicit ? "explicit twin" : "multiscale classifier";

    public override string Network(RunSettings settings) =>
        $"{settings.Network}, {Words(Sizes(settings))}" + (settings.Explicit ? ", explicit twin (R applied once)" : "");

    public override string Network(NetworkConfig config) =>
        $"{NetworkChoice.Multiscale}, {Words((MultiscaleClassifierOptions)config.Options)}";

    public override string Solve(RunSettings settings) => $"{settings.Solver}, tolerance {settings.ToleranceWords}";

    protected override NetworkConfig Sized(RunSettings settings, DataSplits splits) => settings.ToModelConfig(Sizes(settings) with
    {
        Height = splits.Train.Height,
        Width = splits.Train.Width,
        ImageChannels = splits.Train.Channels,
        Classes = splits.Train.ClassCount,
    });

    private static MultiscaleClassifierOptions Sizes(RunSettings settings)
    {
        MultiscaleClassifierOptions network = new();
        return network with
        {
            LatentChannels = settings.Channels ?? network.LatentChannels,
            Explicit = settings.Explicit,
        };
    }

    private static string Words(MultiscaleClassifierOptions network) =>
        $"{Display.Counted(network.Scales, "scale")} of {Display.Counted(network.LatentChannels, "channel")}";
}
