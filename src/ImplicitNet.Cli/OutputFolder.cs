using System.Globalization;
using ImplicitNet.Files;
using ImplicitNet.Training;

namespace ImplicitNet.Cli;

/// <summary>A folder that a command writes to, held against every other process until it is disposed.</summary>
internal sealed class OutputFolder : IDisposable
{
    private static readonly string[] RunFiles =
        ["run.json", "config.json", "checkpoint.safetensors", "model.safetensors", "history.jsonl", "result.json"];

    private readonly RunLock _hold;

    private OutputFolder(string path, RunLock hold) => (Path, _hold) = (path, hold);

    /// <summary>The folder, as it was named.</summary>
    public string Path { get; }

    /// <summary>Takes a folder in which work goes on, or made anew.</summary>
    /// <exception cref="IOException">Another process writes there, or it cannot be made or written to.</exception>
    public static OutputFolder Take(string path)
    {
        _ = new RunFolder(path);
        return new OutputFolder(path, RunLock.Take(path));
    }

    /// <summary>Takes a folder for a new run.</summary>
    /// <exception cref="CommandException">It holds a run.</exception>
    /// <exception cref="IOException">Another process writes there, or it cannot be made or written to.</exception>
    public static OutputFolder TakeEmpty(string path)
    {
        RefuseRun(path);
        OutputFolder folder = Take(path);
        try
        {
            // Once more: while this process waited for nothing, another may have made one.
            RefuseRun(path);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Takes a folder that is nobody's yet: by data and time, and a number where several begin in one second.</summary>
    /// <param name="data">The data set's name.</param>
    /// <exception cref="IOException">It cannot be made or written to.</exception>
    public static OutputFolder TakeNew(string data)
    {
        string first = System.IO.Path.Combine(
            "runs", string.Create(CultureInfo.InvariantCulture, $"{data}-{DateTime.Now:yyyyMMdd-HHmmss}"));
        for (int number = 1; ; number++)
        {
            string path = number == 1 ? first : string.Create(CultureInfo.InvariantCulture, $"{first}-{number}");
            try
            {
                if (!HoldsRun(path))
                {
                    return TakeEmpty(path);
                }
            }
            catch (Exception exception) when (exception is FolderInUseException or CommandException)
            {
            }
        }
    }

    /// <summary>Whether a folder has files of a run or a model.</summary>
    public static bool HoldsRun(string folder) => RunFiles.Any(name => File.Exists(System.IO.Path.Combine(folder, name)));

    /// <summary>Whether a folder has a model's weights, and nothing else of a run or a model.</summary>
    public static bool HoldsOnlyWeights(string folder) =>
        RunFiles.Where(name => File.Exists(System.IO.Path.Combine(folder, name))).SequenceEqual(["model.safetensors"]);

    /// <summary>Whether a folder has a lock: that of a process that was killed, or, while this one holds it, its own.</summary>
    public static bool IsLeftBehind(string folder) => File.Exists(System.IO.Path.Combine(folder, RunLock.FileName));

    /// <summary>Refuses a file whose folder is not there, before there is work to lose.</summary>
    /// <param name="file">The value of --output.</param>
    /// <exception cref="CommandException">It is not.</exception>
    public static void EnsureThereFor(string file)
    {
        if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file)) is { } parent && !Directory.Exists(parent))
        {
            throw new CommandException($"--output {file}: there is no folder {parent}.");
        }
    }

    /// <summary>Refuses to write over a file that is read, by whatever name.</summary>
    /// <param name="file">The value of --output.</param>
    /// <param name="input">What is read.</param>
    /// <param name="what">What that is, in a word.</param>
    /// <exception cref="CommandException">They are one file.</exception>
    public static void EnsureIsNot(string file, string input, string what)
    {
        if (FileIdentity.AreOne(file, input))
        {
            throw new CommandException($"--output {file} is the {what} that is read; name another file.", ExitCodes.Usage);
        }
    }

    /// <summary>Refuses a folder that holds a run.</summary>
    /// <exception cref="CommandException">It does.</exception>
    public static void RefuseRun(string folder)
    {
        if (HoldsRun(folder))
        {
            throw new CommandException($"{folder}: the folder holds a run; pass --resume to go on with it, or another --output.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _hold.Dispose();
}
