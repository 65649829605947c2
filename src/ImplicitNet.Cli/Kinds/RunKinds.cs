using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What runs can be about: one line for each kind.</summary>
internal static class RunKinds
{
    private static readonly RunKind[] All =
    [
        new ImplicitImages(), new MonotoneImages(), new WellPosedImages(), new MultiscaleImages(), new RobustImages(), new FlowImages(),
        new Tomography(), new Deblurring(), new GridKind(), new FlowKind(), new TextKind(),
    ];

    /// <summary>The kind of data.</summary>
    /// <param name="data">The data by name.</param>
    /// <param name="network">The network by name, where several kinds have the same data.</param>
    /// <param name="task">The task by name, where the data have several.</param>
    /// <exception cref="ArgumentException">There are no data of that name.</exception>
    public static RunKind Of(string data, string? network = null, string? task = null) =>
        All.FirstOrDefault(kind => kind.Has(data) && (network is null || kind.Trains(network)) && (task is null || kind.Does(task)))
        ?? All.FirstOrDefault(kind => kind.Has(data) && (task is null || kind.Does(task)))
        ?? All.FirstOrDefault(kind => kind.Has(data))
        ?? throw new ArgumentException($"data must be one of {string.Join(", ", DataChoice.Names)}; it is {data}.");

    /// <summary>The kind of a run.</summary>
    /// <exception cref="ArgumentException">There are no data of that name.</exception>
    public static RunKind Of(RunSettings settings) => Of(settings.Data, settings.Network, settings.Task);

    /// <summary>The kind of a run that trains implicit networks.</summary>
    /// <exception cref="CommandException">It trains flows.</exception>
    public static RunKind FixedPointsOf(RunSettings settings)
    {
        RunKind kind = Of(settings);
        string what = kind is FlowKind ? $"--data {settings.Data}" : $"--network {settings.Network}";
        return !kind.IsOfFlows ? kind : throw new CommandException(
            $"{what} is for {FlowKind.Flows}, which have no fixed points to find: train, evaluate, audit and predict take it.",
            ExitCodes.Usage);
    }

    /// <summary>The kind of a model.</summary>
    public static RunKind Of(NetworkOptions network) => All.First(kind => kind.Fits(network));

    /// <summary>What a run does that is told no more than its data.</summary>
    public static RunSettings DefaultsFor(string data, bool isPublished = false, string? network = null, string? task = null) =>
        Of(data, network, task).DefaultsFor(data, isPublished);

    /// <summary>What is wrong with settings, behind two dashes; null when nothing is.</summary>
    public static string? Problem(RunSettings settings) => settings is { RandomSteps: true, TrainSteps: null }
        ? "random-steps needs --train-steps: the most steps of a training solve."
        : settings is { Pretrain: > 0 and var steps } and ({ Explicit: true } or { Untied: not null })
        ? $"pretrain {steps}: an explicit twin is trained by plain backpropagation from beginning to end."
        : Of(settings) is { IsMonotone: false } kind && SplittingIn(settings) is { } splitting
        ? $"{splitting}: a splitting is for {MonotoneImages.Networks} alone (--network {NetworkChoice.Monotone}); "
            + (kind is ImageKind ? $"the network is {settings.Network}." : $"the data are {settings.Data}.")
        : Of(settings).Problem(settings);

    private static string? SplittingIn(RunSettings settings) =>
        SolverChoice.IsSplitting(settings.Solver) ? $"solver {settings.Solver}"
        : settings.Gradient.Split(':') is ["implicit", var solver] && SolverChoice.IsSplitting(solver) ? $"gradient {settings.Gradient}"
        : null;

    /// <summary>Whether a run has a setting.</summary>
    public static bool Takes(RunSettings settings, RunSetting setting) => Of(settings).Takes(setting);

    /// <summary>Refuses an option of another kind.</summary>
    /// <exception cref="CommandException">It is one.</exception>
    public static void EnsureTakes(RunSettings settings, RunSetting setting, object value)
    {
        (RunKind kind, string data) = (Of(settings), settings.Data);
        if (setting.Property == nameof(RunSettings.Network) && FlowNetworkChoice.Names.Contains(value) && !kind.IsOfFlows)
        {
            throw new CommandException(
                $"--network {value}: that is for {FlowKind.Flows}; the data are {data}. Name one of "
                + $"{string.Join(", ", FlowData.Names.Concat(DataChoice.Images))} by --data.", ExitCodes.Usage);
        }

        if (setting.Property == nameof(RunSettings.Task) && !kind.Takes(setting))
        {
            throw new CommandException(
                $"--task {value}: images have that choice; the data are {data}. Name one of "
                + $"{string.Join(", ", DataChoice.Images)} or {DataChoice.Ellipses} by --data.", ExitCodes.Usage);
        }

        if (kind.Refusal(data, setting) is { } refusal)
        {
            throw new CommandException(FormattableString.Invariant($"--{setting.Name} {value}: {refusal}"), ExitCodes.Usage);
        }

        if (!kind.Takes(setting))
        {
            string given = value is true ? "" : FormattableString.Invariant($" {value}");
            string what = kind is FlowImages
                ? $"not for {FlowKind.Flows}; the network is {settings.Network}. Leave it out, or name another."
                : kind is RestorationKind
                ? $"not for --task {kind.Name}. Leave it out, or name another "
                    + (All.Any(other => other.Has(data) && other.Takes(setting)) ? "--task." : "--data.")
                : kind is ImageKind && All.Any(other => other is ImageKind { IsOfFlows: false } && other.Takes(setting))
                ? $"not for a network {settings.Network}. Leave it out, or name another by --network."
                : (setting.Flag.Only is { } only ? $"for {only} alone" : $"not for {kind.Name}")
                    + $"; the data are {data}. Leave it out, or name "
                    + (All.Any(other => other is RestorationKind && other.Has(data) && other.Takes(setting))
                        ? "another --task." : "others by --data.");
            throw new CommandException($"--{setting.Name}{given} is {what}",
                ExitCodes.Usage);
        }
    }
}
