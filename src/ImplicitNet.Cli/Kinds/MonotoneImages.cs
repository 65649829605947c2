using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Images by one monotone convolution.</summary>
internal sealed class MonotoneImages : ImageKind
{
    /// <summary>What the networks are called.</summary>
    public const string Networks = "monotone networks";

    // Of colour images of 32 x 32: 172,297 parameters, about as many as the network of one convolution in Winston and Kolter (2020).
    private const int ColourChannels = 81;

    public override bool IsMonotone => true;

    public override bool Fits(NetworkOptions network) => network is MonotoneClassifierOptions;

    public override bool Trains(string network) => network == NetworkChoice.Monotone;

    public override bool Takes(RunSetting setting) =>
        setting.Property is not (nameof(RunSettings.Gamma) or nameof(RunSettings.Published) or nameof(RunSettings.LatentLayers))
            && (base.Takes(setting) || setting.Flag.Only?.Contains(Networks, StringComparison.Ordinal) == true);

    public override RunSettings DefaultsFor(string data, bool isPublished = false) => Usual(data) with
    {
        Network = NetworkChoice.Monotone,
        Solver = SolverChoice.PeacemanRachford,
    };

    public override string? Problem(RunSettings settings) => double.IsInfinity(settings.Lipschitz)
        ? FormattableString.Invariant($"monotonicity {settings.Monotonicity}: 4 m, the limit of the norm, is no finite number.")
        : settings.Lipschitz <= settings.Monotonicity
        ? FormattableString.Invariant($"lipschitz {settings.Lipschitz}: it must be above --monotonicity {settings.Monotonicity}.")
        : NetworkChoice.Problem(settings);

    public override string Model(RunSettings settings) => settings.Explicit ? "explicit twin" : "monotone classifier";

    public override string Network(RunSettings settings) =>
        $"{settings.Network}, one convolution W with I - W at least {Display.Number(settings.Monotonicity, "0.######")} and at most "
            + Display.Number(settings.Lipschitz, "0.######")
            + (settings.Explicit ? ", explicit twin (R applied once)" : "");

    public override string Network(NetworkConfig config) => NetworkChoice.Monotone;

    public override string Solve(RunSettings settings) => $"{settings.Solver}, tolerance {settings.ToleranceWords}";

    protected override NetworkConfig Sized(RunSettings settings, DataSplits splits)
    {
        MonotoneClassifierOptions network = splits.Train.Channels == 1
            ? new MonotoneClassifierOptions()
            : new MonotoneClassifierOptions { LatentChannels = ColourChannels, HiddenChannels = 0, Pooling = 2, ReadoutPooling = 2 };
        return settings.ToModelConfig(network with
        {
            Height = splits.Train.Height,
            Width = splits.Train.Width,
            ImageChannels = splits.Train.Channels,
            Classes = splits.Train.ClassCount,
            LatentChannels = settings.Channels ?? network.LatentChannels,
            Monotonicity = settings.Monotonicity,
            Lipschitz = settings.Lipschitz,
            Explicit = settings.Explicit,
        });
    }
}
