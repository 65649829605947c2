using System.Text.Json;
using ImplicitNet.Cli.Reproduction;
using ImplicitNet.Files;

namespace ImplicitNet.Cli.Settings;

/// <summary>
/// The file plan.json: what a reproduction was asked for, and what it does, so that an interrupted one goes on with the same plan.
/// </summary>
internal sealed record ReproductionPlanFile
{
    private const long LargestFile = 1 << 20;

    /// <summary>Version of the file's format; 1.</summary>
    public int Format { get; init; } = 1;

    public required string Data { get; init; }

    public required double Hours { get; init; }

    public required IReadOnlyList<long> Seeds { get; init; }

    public required int MostEpochs { get; init; }

    public required ReproductionPlan Plan { get; init; }

    public static string PathIn(string folder) => Path.Combine(folder, "plan.json");

    public void Write(string folder) =>
        AtomicFile.WriteText(PathIn(folder), JsonSerializer.Serialize(this, ReproductionPlanJson.Default.ReproductionPlanFile) + "\n");

    /// <summary>Reads the plan of a folder, where there is one.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="asked">What is asked for now; its plan is not looked at.</param>
    /// <exception cref="CommandException">The file cannot be read, or is for something else.</exception>
    public static ReproductionPlanFile? Read(string folder, ReproductionPlanFile asked)
    {
        string path = PathIn(folder);
        if (!File.Exists(path))
        {
            return null;
        }

        ReproductionPlanFile stored = Parse(path);
        Require("the data set", stored.Data, asked.Data);
        Require("--hours", Display.Number(stored.Hours, "0.######"), Display.Number(asked.Hours, "0.######"));
        Require("--seeds", string.Join(',', stored.Seeds), string.Join(',', asked.Seeds));
        Require("--epochs", $"{stored.MostEpochs}", $"{asked.MostEpochs}");
        return stored;

        void Require(string name, string then, string now)
        {
            if (then != now)
            {
                throw new CommandException($"{path}: the reproduction was planned with {name} {then}, now it is {now}. "
                    + $"Ask for the same to go on, or for another --output.", ExitCodes.Usage);
            }
        }
    }

    private static ReproductionPlanFile Parse(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LargestFile)
            {
                throw new CommandException($"{path}: it is larger than {LargestFile} bytes; this is no plan.");
            }

            ReproductionPlanFile file = JsonShape.Read(File.ReadAllText(path), ReproductionPlanJson.Default.ReproductionPlanFile);

            // A plan of an older version has fewer trainings and is gone on with as it is.
            string[] known = [.. ReproductionSettings.Trainings(file.Data).Select(training => training.Name)];
            bool isUsable = file is { Format: 1, Plan: { Epochs: >= 1, Seeds.Count: >= 1, Trainings.Count: >= 1 } plan }
                && plan.Trainings.All(known.Contains);
            return isUsable
                ? file
                : throw new CommandException($"{path}: this is no plan that can be gone on with. Delete it to plan again.");
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new CommandException($"{path}: {JsonShape.Line(exception)}", innerException: exception);
        }
    }
}
