using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Kinds;

/// <summary>The data that a model is tried on, as the settings of a run.</summary>
internal static class ModelSettings
{
    /// <summary>The data of the run that made the model, where it lies in its run's folder; else the defaults of the data.</summary>
    /// <param name="model">The model.</param>
    /// <param name="data">The name of other data than those it was trained on; null for those.</param>
    /// <param name="directory">Where a data set's files lie; null for where they lay in training.</param>
    /// <exception cref="CommandException">
    /// The model was trained on data that have no name here, and no others are named, or those named are of another kind, or have no
    /// files.
    /// </exception>
    public static RunSettings Of(SavedModel model, string? data, string? directory)
    {
        RunKind kind = RunKinds.Of(model.Config.Options);
        string name = data ?? model.Config.Data;
        if (!kind.Has(name))
        {
            throw new CommandException(data is null
                ? $"{model.Folder}: the model was trained on '{name}', which has no name here; name some {kind.Name} by --data."
                : $"{model.Folder}: the model is for {kind.Name}, as {model.Config.Data}; --data {data} is of {RunKinds.Of(data).Name}.");
        }

        RunSettings? stored = File.Exists(RunSettingsFile.PathIn(model.Folder)) ? RunSettingsFile.Read(model.Folder) : null;
        RunSettings settings = stored?.Data == name ? stored : kind.DefaultsFor(name);
        if (directory is null)
        {
            return settings;
        }

        RunKinds.EnsureTakes(settings, RunSetting.All.First(setting => setting.Property == nameof(RunSettings.DataDir)), directory);
        return settings with { DataDir = directory };
    }

    /// <summary>Refuses more samples than there are.</summary>
    /// <exception cref="CommandException">There are fewer.</exception>
    public static void EnsureCount(int? asked, BatchSource source, string samples, int code)
    {
        if (asked > source.Count)
        {
            throw new CommandException($"--count {asked}: {source.Name} has {Display.Count(source.Count)} {samples}.", code);
        }
    }
}
