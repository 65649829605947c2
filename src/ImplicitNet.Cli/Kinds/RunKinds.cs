using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What runs can be about: one line for each kind.</summary>
internal static class RunKinds
{
    private static readonly RunKind[] All = [new ImageKind(), new GridKind(), new FlowKind()];

    /// <summary>The kind of data.</summary>
    /// <exception cref="ArgumentException">There are no data of that name.</exception>
    public static RunKind Of(string data) => All.FirstOrDefault(kind => kind.Has(data))
        ?? throw new ArgumentException($"data must be one of {string.Join(", ", DataChoice.Names)}; it is {data}.");

    /// <summary>The kind of data for implicit networks.</summary>
    /// <exception cref="CommandException">They are for flows.</exception>
    public static RunKind FixedPointsOf(string data) => Of(data) is not FlowKind ? Of(data) : throw new CommandException(
        $"--data {data} is for {Of(data).Name}, which have no fixed points to find: of the commands, train, evaluate and predict take it.",
        ExitCodes.Usage);

    /// <summary>The kind of a model.</summary>
    public static RunKind Of(NetworkOptions network) => All.First(kind => kind.Fits(network));

    /// <summary>What a run does that is told no more than its data.</summary>
    public static RunSettings DefaultsFor(string data, bool isPublished = false) => Of(data).DefaultsFor(data, isPublished);

    /// <summary>What is wrong with settings, behind two dashes; null when nothing is.</summary>
    public static string? Problem(RunSettings settings) => settings is { RandomSteps: true, TrainSteps: null }
        ? "random-steps needs --train-steps: the most steps of a training solve."
        : Of(settings.Data).Problem(settings);

    /// <summary>Whether runs on such data have a setting.</summary>
    public static bool Takes(string data, RunSetting setting) => Of(data).Takes(setting);

    /// <summary>Refuses an option of another kind.</summary>
    /// <exception cref="CommandException">It is one.</exception>
    public static void EnsureTakes(string data, RunSetting setting, object value)
    {
        if (setting.Property == nameof(RunSettings.Network) && FlowNetworkChoice.Names.Contains(value) && Of(data) is not FlowKind)
        {
            throw new CommandException(
                $"--network {value}: that is for {FlowKind.Flows}; the data are {data}. Name one of {string.Join(", ", FlowData.Names)} by "
                + "--data.", ExitCodes.Usage);
        }

        if (Of(data).Refusal(data, setting) is { } refusal)
        {
            throw new CommandException(FormattableString.Invariant($"--{setting.Name} {value}: {refusal}"), ExitCodes.Usage);
        }

        if (!Takes(data, setting))
        {
            string given = value is true ? "" : FormattableString.Invariant($" {value}");
            throw new CommandException(
                setting.Flag.Only is { } only
                    ? $"--{setting.Name}{given} is for {only} alone; the data are {data}. Leave it out, or name others by --data."
                    : $"--{setting.Name}{given} is not for {Of(data).Name}; the data are {data}. Leave it out, or name others by --data.",
                ExitCodes.Usage);
        }
    }
}
