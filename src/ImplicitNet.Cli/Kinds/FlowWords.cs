using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What a person is told of runs of flows, whatever their data.</summary>
internal static class FlowWords
{
    /// <summary>How flows are differentiated, behind "by".</summary>
    public const string Gradient = "the exact gradient of its steps";

    /// <summary>What is trained.</summary>
    public static string Model(string network) => network == FlowNetworkChoice.Plain ? "neural ODE" : "augmented neural ODE";

    /// <summary>The network of a run, for headings.</summary>
    public static string Network(RunSettings settings) => settings.Network == FlowNetworkChoice.Plain
        ? settings.Network
        : $"{settings.Network}, {Display.Counted(FlowNetworkChoice.Zeros(settings.Network, settings.Data), "zero")} appended to the state";

    /// <summary>How a run follows flows, for headings.</summary>
    public static string Solve(RunSettings settings) =>
        $"{settings.Method}, tolerance {settings.ToleranceWords}, {settings.MaxSteps} steps at most";
}
