using System.Globalization;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Settings;

/// <summary>A task on a string or a grid, of one size, by its name: "mazes:9" or "sums:32".</summary>
/// <param name="Task">What is drawn.</param>
/// <param name="Size">Bits of a string; pixels a side of a maze.</param>
internal sealed record GridData(GridTask Task, int Size)
{
    private const int CellsOfBatch = 50_000;
    private const int MostOfBatch = 250;

    /// <summary>Its name, as it is given.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Task.Name}:{Size}");

    /// <summary>The steps after which a solve of this size is given up where nobody says otherwise.</summary>
    public int StepLimit => Task.StepLimit(Size);

    /// <summary>
    /// Samples in a batch of an evaluation: what finishes leaves the batch, and what is large fills a processor's caches alone.
    /// </summary>
    public int EvaluationBatch => Math.Clamp(CellsOfBatch / Task.Cells(Size), 1, MostOfBatch);

    /// <summary>Whether a name is meant as that of such a task, whatever its size.</summary>
    public static bool IsMeant(string name) => GridTask.All.Any(task => task.Name == name.Split(':')[0]);

    /// <summary>Reads a name.</summary>
    /// <exception cref="ArgumentException">There is no such task, or not of such a size; the message begins with the name.</exception>
    public static GridData Parse(string name)
    {
        string[] parts = name.Split(':');
        GridTask task = GridTask.All.FirstOrDefault(task => task.Name == parts[0])
            ?? throw new ArgumentException($"{name} is none of {string.Join(", ", GridTask.All.Select(task => task.Form))}");
        return parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int size) && task.Has(size)
            ? new GridData(task, size)
            : throw new ArgumentException($"{name}: {task.Sizes}");
    }

    /// <summary>Reads several names with commas between them.</summary>
    /// <exception cref="ArgumentException">One cannot be read, or is there twice.</exception>
    public static IReadOnlyList<GridData> ParseList(string? names)
    {
        GridData[] all = [.. (names ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
        return all.GroupBy(data => data).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new ArgumentException($"{twice.Key.Name} is there more than once")
            : all;
    }

    /// <summary>Its samples.</summary>
    public GeneratedBatches Source(int count, int batchSize, long seed, DataPart part, bool isFreshEveryEpoch = false) =>
        Task.Source(Size, count, batchSize, seed, part, isFreshEveryEpoch);
}
