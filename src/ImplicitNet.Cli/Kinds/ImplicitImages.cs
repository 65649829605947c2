using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Images by the networks of the paper.</summary>
internal sealed class ImplicitImages : ImageKind
{
    public override bool Fits(NetworkOptions network) =>
        network is ScaledClassifierOptions and not (WellPosedClassifierOptions or RobustClassifierOptions);

    public override bool Trains(string network) => PublishedNetworkChoice.Names.Contains(network);

    /// <summary>
    /// The tolerance of the networks as published is for a whole batch, which their batch norm couples, and is near the rule that they were
    /// published with: 0.1 for the norm over channels at every pixel, from one iterate to the next.
    /// </summary>
    public override RunSettings DefaultsFor(string data, bool isPublished = false) => Usual(data) with
    {
        Network = NetworkChoice.DefaultFor(data),
        Published = isPublished,
        Tolerance = isPublished ? 1e-2 : 1e-3,
    };

    public override string? Problem(RunSettings settings) => NetworkChoice.Problem(settings);

    public override string Model(RunSettings settings) => settings.Explicit ? "explicit twin" : "implicit classifier";

    public override string Network(RunSettings settings) => NetworkChoice.Words(settings);

    public override string Network(NetworkConfig config) => NetworkChoice.Name((ModelConfig)config);

    public override string Solve(RunSettings settings) =>
        $"{(settings.Published ? "gamma" : "contraction factor")} {Display.Number(settings.Gamma, "0.###")}, "
            + $"tolerance {settings.ToleranceWords}";

    /// <summary>What the network is, with how pixels become its input.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static ModelConfig Config(RunSettings settings, LoadedData data) => Of(settings, data.Splits) with
    {
        PixelMean = data.Normalization.Mean,
        PixelDeviation = data.Normalization.Deviation,
    };

    protected override NetworkConfig Sized(RunSettings settings, DataSplits splits) => Of(settings, splits);

    private static ModelConfig Of(RunSettings settings, DataSplits splits) => settings.ToModelConfig(NetworkChoice.Create(settings) with
    {
        Height = splits.Train.Height,
        Width = splits.Train.Width,
        ImageChannels = splits.Train.Channels,
        Classes = splits.Train.ClassCount,
    });
}
