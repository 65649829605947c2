using System.Diagnostics;

namespace ImplicitNet.Tests.Cli;

/// <summary>A reproduction on images that are noise, as a process of its own, run once for the classes of its collection.</summary>
[CollectionDefinition(nameof(TinyReproduction))]
public sealed class TinyReproduction : IDisposable, ICollectionFixture<TinyReproduction>
{
    /// <summary>More than enough for all of it.</summary>
    public const string Hours = "5";

    private readonly TemporaryFolder _folder = new();

    public TinyReproduction()
    {
        BadData.WriteDigits(_folder);
        long begin = Stopwatch.GetTimestamp();
        using CliProcess process = CliProcess.Start([.. Arguments(_folder["whole"]), "--json"]);
        Run = process.Wait();
        Length = Stopwatch.GetElapsedTime(begin);
    }

    /// <summary>What it said.</summary>
    internal CliRun Run { get; }

    /// <summary>How long it took.</summary>
    internal TimeSpan Length { get; }

    /// <summary>Its folder; not to be changed.</summary>
    internal string Path => _folder["whole"];

    /// <summary>The command on the same data, to a folder.</summary>
    public string[] Arguments(string output) => Arguments(_folder.Path, output);

    /// <summary>The command on data, to a folder.</summary>
    public static string[] Arguments(string data, string output) =>
    [
        "reproduce", "mnist", "--hours", Hours, "--seeds", "7", "--epochs", "1", "--images", "20", "--validation", "10", "--test-images", "10", "--batch", "10",
        "--threads", "1", "--data-dir", data, "--output", output,
    ];

    /// <summary>Its folder once more, to go on with.</summary>
    internal void CopyTo(string output)
    {
        foreach (string file in Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories))
        {
            string copy = System.IO.Path.Combine(output, System.IO.Path.GetRelativePath(Path, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public void Dispose() => _folder.Dispose();
}
