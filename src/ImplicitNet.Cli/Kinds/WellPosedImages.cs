using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Images by implicit deep learning: a flat latent, a contraction in the maximum norm.</summary>
internal sealed class WellPosedImages : ImageKind
{
    /// <summary>What those are called whose A has a rank below its size.</summary>
    public const string LowRankNetworks = "well-posed networks of low rank";

    private const int Rank = 10;

    public override bool Fits(NetworkOptions network) => network is WellPosedClassifierOptions;

    public override bool Trains(string network) => network is NetworkChoice.WellPosed or NetworkChoice.WellPosedLowRank;

    public override bool Takes(RunSetting setting) =>
        setting.Property is not (nameof(RunSettings.Published) or nameof(RunSettings.LatentLayers))
            && (base.Takes(setting) || setting.Property == nameof(RunSettings.Rank));

    public override RunSettings DefaultsFor(string data, bool isPublished = false) => Usual(data) with
    {
        Network = NetworkChoice.WellPosed,
        Gamma = WellPosedClassifierOptions.DefaultGamma,
        LearningRate = 2e-3,
        Shift = 0,
    };

    public override string? Problem(RunSettings settings) => settings is { Rank: { } rank, Network: not NetworkChoice.WellPosedLowRank }
        ? $"rank {rank}: it is for {LowRankNetworks} alone (--network {NetworkChoice.WellPosedLowRank})."
        : NetworkChoice.Problem(settings);

    public override string Model(RunSettings settings) => settings.Explicit ? "explicit twin" : "well-posed classifier";

    public override string Network(RunSettings settings) => $"{settings.Network}, row sums of |A| at most gamma"
        + (RankOf(settings) is { } rank ? $", rank {rank}" : "") + (settings.Explicit ? ", explicit twin (R applied once)" : "");

    public override string Network(NetworkConfig config) =>
        ((WellPosedClassifierOptions)config.Options).Rank is { } rank
            ? $"{NetworkChoice.WellPosedLowRank}, rank {rank}"
            : NetworkChoice.WellPosed;

    public override string Solve(RunSettings settings) =>
        $"contraction factor {Display.Number(settings.Gamma, "0.###")} in the maximum norm, tolerance {settings.ToleranceWords}";

    protected override NetworkConfig Sized(RunSettings settings, DataSplits splits) => settings.ToModelConfig(new WellPosedClassifierOptions
    {
        Height = splits.Train.Height,
        Width = splits.Train.Width,
        ImageChannels = splits.Train.Channels,
        Classes = splits.Train.ClassCount,
        Gamma = settings.Gamma,
        Rank = RankOf(settings),
        Explicit = settings.Explicit,
    });

    private static int? RankOf(RunSettings settings) =>
        settings.Network == NetworkChoice.WellPosedLowRank ? settings.Rank ?? Rank : null;
}
