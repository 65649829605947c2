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

    /// <summary>The steps that a solve of a size may take where those of this size may take some: what was given holds for all.</summary>
    /// <param name="other">The other size, or this one.</param>
    /// <param name="own">The limit of this one.</param>
    public int LimitOf(GridData other, int own) => other == this || own != StepLimit ? own : other.StepLimit;

    /// <summary>Reads a name; null where it is none.</summary>
    public static GridData? Find(string name) =>
        name.Split(':') is [var named, var text]
        && GridTask.All.FirstOrDefault(task => task.Name == named) is { } task
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && task.Has(size)
            ? new GridData(task, size)
            : null;

    /// <summary>Reads a name.</summary>
    /// <exception cref="ArgumentException">There is no such task, or not of such a size; the message begins with the name.</exception>
    public static GridData Parse(string name) => Find(name) ?? throw new ArgumentException(
        GridTask.All.FirstOrDefault(task => task.Name == name.Split(':')[0]) is { } task
            ? $"{name}: {task.Sizes}"
            : $"{name} is none of {string.Join(", ", GridTask.All.Select(task => task.Form))}");

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
