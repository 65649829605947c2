using System.Text.Json;
using System.Text.Json.Nodes;
using ImplicitNet.Cli.Options;
using ImplicitNet.Files;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Settings;

/// <summary>The file run.json, which holds a run's settings.</summary>
internal static class RunSettingsFile
{
    private const long LargestFile = 1 << 20;

    // Where the data lie, how often a checkpoint is written and what is measured on the way decide nothing about the result.
    private static readonly string[] FreeOnResume = ["data-dir", "checkpoint-every", "cosines"];

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
        JsonObject before = JsonNode.Parse(Json(stored))!.AsObject();
        JsonObject after = JsonNode.Parse(Json(asked))!.AsObject();
        foreach ((string name, JsonNode? value) in after)
        {
            before.TryGetPropertyValue(name, out JsonNode? old);
            if (!JsonNode.DeepEquals(old, value) && !FreeOnResume.Contains(name))
            {
                throw new CommandException(
                    $"--{name} {value}: the run was started with {old?.ToString() ?? "none"}. Leave the option out to go on, "
                        + $"or begin another run in another --output.", ExitCodes.Usage);
            }
        }
    }

    /// <summary>Names and values for a report.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Describe(RunSettings settings) =>
        JsonNode.Parse(Json(settings))!.AsObject()
            .Where(member => member.Key is not ("format" or "data-dir"))
            .Select(member => KeyValuePair.Create(member.Key, member.Value?.ToString() ?? ""));

    private static string Json(RunSettings settings) => JsonSerializer.Serialize(settings, RunSettingsJson.Default.RunSettings);

    private static void Check(RunSettings settings)
    {
        Require(settings.Format == 1, "format", settings.Format, "1");
        Require(DataChoice.Names.Contains(settings.Data), "data", settings.Data, string.Join(" or ", DataChoice.Names));
        Require(DeviceChoice.Names.Contains(settings.Device), "device", settings.Device, string.Join(" or ", DeviceChoice.Names));
        Require(SolverChoice.Names.Contains(settings.Solver), "solver", settings.Solver, string.Join(" or ", SolverChoice.Names));
        Require(settings.Threads is >= 1 and <= 1024, "threads", settings.Threads, "1 to 1024");
        Require(settings.Validation >= 1, "validation", settings.Validation, "at least 1");
        Require(settings.Batch >= 1, "batch", settings.Batch, "at least 1");
        Require(settings.Damping is > 0 and <= 1, "damping", settings.Damping, "above 0 and at most 1");
        Require(settings.Memory is null or (>= 1 and <= 50), "memory", settings.Memory ?? 0, "1 to 50");
        Require(settings.Shift is >= 0 and <= 16, "shift", settings.Shift, "0 to 16");
        Require(settings.LatentLayers is null or (>= 1 and <= 50), "latent-layers", settings.LatentLayers ?? 0, "1 to 50");
        Require(settings.Gamma is > 0 and < 1, "gamma", settings.Gamma, "above 0 and below 1");
        Require(settings.Tolerance is > 0 and < 1, "tolerance", settings.Tolerance, "above 0 and below 1");
        Require(settings.MaxSteps >= 1, "max-steps", settings.MaxSteps, "at least 1");
        Require(settings.Cosines >= 0, "cosines", settings.Cosines, "at least 0");
        _ = GradientChoice.Parse(settings.Gradient);
        if (NetworkChoice.Problem(settings) is { } problem)
        {
            throw new ArgumentException(problem);
        }

        _ = settings.ToTrainingOptions();
    }

    private static void Require(bool isRight, string name, object value, string range)
    {
        if (!isRight)
        {
            throw new ArgumentException($"{name} must be {range}; it is {value}.");
        }
    }
}
