using ImplicitNet.Cli.Settings;
using ImplicitNet.Models.Flows;

namespace ImplicitNet.Cli.Options;

/// <summary>Networks with a flow, by name.</summary>
internal static class FlowNetworkChoice
{
    public const string Plain = "neural-ode";

    public const string Augmented = "augmented-ode";

    // As in the experiments of Dupont, Doucet and Teh; a line needs one dimension more to be turned round in.
    private const int ZerosOfPoints = 5;
    private const int ZerosOfNumbers = 1;
    private const int ZerosOfSeries = 4;
    private const int ZerosOfImages = 5;

    public static IReadOnlyList<string> Names { get; } = [Plain, Augmented];

    /// <summary>The name of a network.</summary>
    public static string NameOf(FlowNetworkOptions network) => network.Zeros == 0 ? Plain : Augmented;

    /// <summary>How many zeros a network appends on some data.</summary>
    public static int Zeros(string network, string data) => network == Plain ? 0 : data switch
    {
        FlowData.Annuli => ZerosOfPoints,
        FlowData.Swap => ZerosOfNumbers,
        _ when DataChoice.Images.Contains(data) => ZerosOfImages,
        _ => ZerosOfSeries,
    };
}
