using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;

namespace ImplicitNet.Cli.Options;

/// <summary>
/// What is trained: a network of the paper by name, in its clean form (R a certified contraction) or as published (batch norm in R).
/// </summary>
internal static class NetworkChoice
{
    /// <summary>What every run trained, before there was a choice, in its clean form.</summary>
    public const string First = "mnist-fpn";

    public const string Monotone = "monotone";

    public const string WellPosed = "well-posed";

    public const string WellPosedLowRank = "well-posed-low-rank";

    public const string Multiscale = "multiscale";

    public const string Robust = "robust";

    private const string Coupled = "in the published form (--published) batch norm couples the samples of a batch.";
    private const string Svhn = "svhn-fpn";
    private const string SmallCifar = "cifar10-fpn-small";
    private const string Cifar = "cifar10-fpn";

    public static IReadOnlyList<string> Names { get; } =
        [.. PublishedNetworkChoice.Names, Monotone, WellPosed, WellPosedLowRank, Multiscale, Robust, .. FlowNetworkChoice.Names];

    /// <summary>The network for a data set.</summary>
    public static string DefaultFor(string data) => data switch
    {
        DataChoice.Svhn => Svhn,
        DataChoice.Cifar10 => SmallCifar,
        _ => First,
    };

    /// <summary>What is wrong with the settings of a network; null when nothing is.</summary>
    public static string? Problem(RunSettings settings)
    {
        if (settings.LatentLayers is { } layers && settings is { Published: false, Network: not First })
        {
            return $"latent-layers {layers}: only the published form of {settings.Network} has that choice (--published); "
                + $"R of the clean form is one bounded convolution.";
        }

        return settings switch
        {
            { Explicit: true, Gradient: not GradientChoice.Default } =>
                $"gradient {settings.Gradient}: the explicit twin (--explicit) has no fixed point; "
                    + $"plain backpropagation is its exact gradient.",
            { Published: true, Explicit: false, CertificateEvery: { } steps } =>
                $"certificate-every {steps}: certificates are sample by sample; {Coupled}",
            { Published: true, Explicit: false, JacobianPenalty: { } weight } =>
                $"jacobian-penalty {Display.Number(weight, "0.######")}: the penalty is sample by sample; {Coupled}",
            _ => null,
        };
    }

    /// <summary>The architecture, but for the sizes of its images; the settings have no <see cref="Problem"/>.</summary>
    public static ScaledClassifierOptions Create(RunSettings settings)
    {
        ScaledClassifierOptions network = (settings.Network, settings.Published, settings.LatentLayers) switch
        {
            (First, true, var layers) => new MnistFpnOptions { LatentLayers = layers ?? 1 },
            (First, false, var layers) => new DigitClassifierOptions { ResidualBlocks = (layers ?? 1) - 1 },
            (Cifar, true, var layers) => new CifarFpnOptions { LatentLayers = layers ?? new CifarFpnOptions().LatentLayers },
            (Cifar, false, _) => new ContractiveCifarFpnOptions(),
            (_, true, var layers) => new SvhnFpnOptions { LatentLayers = layers ?? 1 },
            (_, false, _) => new ContractiveSvhnFpnOptions(),
        };
        return network with { Gamma = settings.Gamma, Explicit = settings.Explicit };
    }

    /// <summary>What a model is, in the words of --network: "mnist-fpn, clean form".</summary>
    public static string Name(ModelConfig config) => config.Network switch
    {
        MnistFpnOptions => $"{First}, published form",
        SvhnFpnOptions => $"{Small(config)}, published form",
        CifarFpnOptions => $"{Cifar}, published form",
        ContractiveSvhnFpnOptions => $"{Small(config)}, clean form",
        ContractiveCifarFpnOptions => $"{Cifar}, clean form",
        _ => $"{First}, clean form",
    };

    // One network with two names, by its data.
    private static string Small(ModelConfig config) => config.Data == DataChoice.Cifar10 ? SmallCifar : Svhn;

    /// <summary>For headings: "svhn-fpn, published form (batch norm in R), explicit twin".</summary>
    public static string Words(RunSettings settings)
    {
        string layers = settings.LatentLayers is { } count ? $", {Display.Counted(count, "latent layer")}" : "";
        string form = settings.Published ? "published form (batch norm in R)" : "clean form (R a certified contraction)";
        return $"{settings.Network}{layers}, {form}{(settings.Explicit ? ", explicit twin (R applied once)" : "")}";
    }
}
