using System.Text.Json;
using System.Text.Json.Nodes;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Files;

namespace ImplicitNet.Cli.Settings;

/// <summary>The file run.json, which holds a run's settings.</summary>
internal static class RunSettingsFile
{
    private const long LargestFile = 1 << 20;

    public static string PathIn(string folder) => Path.Combine(folder, "run.json");

    public static void Write(string folder, RunSettings settings) => AtomicFile.WriteText(PathIn(folder), Json(settings) + "\n");

    /// <exception cref="CommandException">The file cannot be read, or a value in it is out of range.</exception>
    public static RunSettings Read(string folder)
    {
        string path = PathIn(folder);
        try
        {
            if (new FileInfo(path).Length > LargestFile)
            {
                throw new CommandException($"{path}: it is larger than {LargestFile} bytes; this is no settings file.");
            }

            RunSettings settings = JsonShape.Read(File.ReadAllText(path), RunSettingsJson.Default.RunSettings);
            Check(settings);
            return settings;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new CommandException($"{path}: {JsonShape.Line(exception)}", innerException: exception);
        }
    }

    /// <summary>Refuses options that differ from what the run was started with.</summary>
    /// <exception cref="CommandException">One does; the message names it and both values.</exception>
    public static void EnsureSame(RunSettings stored, RunSettings asked)
    {
        foreach (RunSetting setting in RunSetting.All.Where(setting => !setting.Flag.IsFreeOnResume))
        {
            if (!Equals(setting.Of(stored), setting.Of(asked)))
            {
                throw new CommandException(
                    $"--{setting.Name} {setting.Text(asked)}: the run was started with {setting.Text(stored)}. "
                        + "Leave the option out to go on, or begin another run in another --output.", ExitCodes.Usage);
            }
        }
    }

    /// <summary>Names and values for a report.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Describe(RunSettings settings) =>
        JsonNode.Parse(Json(settings))!.AsObject()
            .Where(member => member.Key is not ("format" or "data-dir")
                && RunSetting.All.Any(setting => setting.Name == member.Key && RunKinds.Takes(settings, setting)))
            .Select(member => KeyValuePair.Create(
                member.Key,
                member.Key == "from"
                    ? Path.GetFileName(Path.TrimEndingDirectorySeparator(settings.From!))
                    : member.Value?.ToString() ?? ""));

    private static string Json(RunSettings settings) => JsonSerializer.Serialize(settings, RunSettingsJson.Default.RunSettings);

    private static void Check(RunSettings settings)
    {
        if (settings.Format != 1)
        {
            throw new ArgumentException($"format must be 1; it is {settings.Format}.");
        }

        RunSetting.All.First(setting => setting.Property == nameof(RunSettings.Data)).Check(settings);
        foreach (RunSetting setting in RunSetting.All.Where(setting => RunKinds.Takes(settings, setting)))
        {
            setting.Check(settings);
        }

        if (RunKinds.Problem(settings) is { } problem)
        {
            throw new ArgumentException(problem);
        }

        _ = settings.ToTrainingOptions();
    }
}
