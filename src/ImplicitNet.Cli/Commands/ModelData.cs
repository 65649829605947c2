using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Commands;

/// <summary>The data that a model is looked at with.</summary>
internal static class ModelData
{
    /// <summary>The data of the run that made the model, where it lies in its run's folder; else the defaults of the data set.</summary>
    /// <param name="folder">The model's.</param>
    /// <param name="config">The model's.</param>
    /// <param name="name">The data set; null for the one that the model was trained on.</param>
    /// <param name="directory">Where its files lie; null for where they lay in training.</param>
    /// <exception cref="CommandException">The model was trained on data that have no name here.</exception>
    public static RunSettings Settings(string folder, ModelConfig config, string? name, string? directory)
    {
        string data = name ?? config.Data;
        if (!DataChoice.Names.Contains(data))
        {
            throw new CommandException($"{folder}: the model was trained on '{data}', which is none of {string.Join(", ", DataChoice.Names)}; name one by --data.");
        }

        RunSettings? stored = File.Exists(RunSettingsFile.PathIn(folder)) ? RunSettingsFile.Read(folder) : null;
        RunSettings settings = stored?.Data == data ? stored : RunSettings.DefaultsFor(data);
        return directory is null ? settings : settings with { DataDir = directory };
    }
}
