using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What is answered by following a flow: points, and time series.</summary>
internal sealed class FlowKind : RunKind
{
    /// <summary>Its name.</summary>
    public const string Flows = "flows";

    private static readonly HashSet<string> Taken =
    [
        nameof(RunSettings.Data), nameof(RunSettings.Validation), nameof(RunSettings.Samples), nameof(RunSettings.TestSamples),
        nameof(RunSettings.Seed), nameof(RunSettings.Threads), nameof(RunSettings.Device), nameof(RunSettings.Epochs),
        nameof(RunSettings.Batch), nameof(RunSettings.LearningRate), nameof(RunSettings.Schedule), nameof(RunSettings.Warmup),
        nameof(RunSettings.WeightDecay), nameof(RunSettings.ClipNorm), nameof(RunSettings.Average), nameof(RunSettings.Network),
        nameof(RunSettings.Tolerance), nameof(RunSettings.AbsoluteTolerance), nameof(RunSettings.MaxSteps),
        nameof(RunSettings.CheckpointEvery),
    ];

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

    public override bool Takes(RunSetting setting) => Taken.Contains(setting.Property);

    public override string? Refusal(string data, RunSetting setting) =>
        setting.Property == nameof(RunSettings.Validation) && FlowData.FileOf(data) is not null
            ? "of a table one row in seven is validated on, before the last seventh; leave it out."
            : null;

    public override string Samples(string data) => FlowData.FileOf(data) is null ? "points" : "windows";
}
