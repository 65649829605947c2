using System.Diagnostics;
using System.Globalization;

namespace ImplicitNet.Fuzz;

/// <summary>Runs cases in this process and says which of them are findings.</summary>
internal sealed class FuzzRunner(FuzzOptions options, IReadOnlyList<FuzzFormat> formats, FuzzBoard board, string folder)
{
    // What a case may take: the time, and the memory beside ten times the file.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private const long FreeBytes = 64 << 20;
    private const int BytesForEach = 10;
    private const int LongestMessage = 4000;

    private readonly ProcessPeak _peak = new();

    public void Run()
    {
        for (int index = options.From; index < options.Cases; index++)
        {
            board.Case = index;
            int format = index % formats.Count;
            byte[] file = Make(index);
            (bool isRead, string? finding) = Try(formats[format], file, index);

            // A machine with other work may stop a process for seconds, and a collection may come in between: a finding is one twice.
            if (finding is not null)
            {
                GC.Collect();
                (isRead, finding) = Try(formats[format], file, index);
            }

            board.Count(format, isRead, finding is not null);
            if (finding is not null)
            {
                Console.WriteLine($"finding: {formats[format].Name} --seed {options.Seed} --from {index}: {finding}");
                Keep(formats[format].Name, index, file);
            }
        }
    }

    /// <summary>The file of a case.</summary>
    public byte[] Make(int index) => formats[index % formats.Count].Make(Random(index, salt: 1));

    public void Keep(string format, int index, byte[] file)
    {
        if (options.Keep is { } kept)
        {
            Directory.CreateDirectory(kept);
            File.WriteAllBytes(Path.Combine(kept, string.Create(CultureInfo.InvariantCulture, $"{options.Seed}-{index}.{format}")), file);
        }
    }

    private (bool IsRead, string? Finding) Try(FuzzFormat format, byte[] file, int index)
    {
        string path = Path.Combine(folder, "case");
        File.WriteAllBytes(path, file);
        FuzzRandom random = Random(index, salt: 2);
        _peak.Begin();
        long allocated = GC.GetTotalAllocatedBytes();
        long begin = Stopwatch.GetTimestamp();
        TimeSpan busy = Environment.CpuUsage.TotalTime;
        bool isRead = true;
        try
        {
            format.Read(path, random);
        }
        catch (Exception exception)
        {
            isRead = false;
            if (!format.IsRefusal(exception))
            {
                return (false, $"{exception.GetType().Name}: {Short(exception.ToString())}");
            }

            if (exception.Message.AsSpan().ContainsAny('\n', '\r') || exception.Message.Length > LongestMessage)
            {
                return (false, $"a message of {exception.Message.Length} letters, or of several lines: {Short(exception.Message)}");
            }
        }

        // A process that waits for a processor, which others have, is not slow for that.
        TimeSpan time = new(Math.Min(Stopwatch.GetElapsedTime(begin).Ticks, (Environment.CpuUsage.TotalTime - busy).Ticks));
        long bytes = Math.Max(GC.GetTotalAllocatedBytes() - allocated, _peak.Growth());
        return (isRead, time > Limit ? $"{time.TotalSeconds:0.0} seconds for {file.Length} bytes"
            : bytes > FreeBytes + ((long)BytesForEach * file.Length) ? $"{bytes >> 20} MiB for {file.Length} bytes"
            : null);
    }

    private FuzzRandom Random(int index, int salt)
    {
        // Fowler, Noll, Vo (1a), so that neighbouring numbers give unlike seeds.
        uint hash = 2166136261;
        foreach (char letter in string.Create(CultureInfo.InvariantCulture, $"{options.Seed}/{formats[index % formats.Count].Name}/{index}/{salt}"))
        {
            hash = unchecked((hash ^ letter) * 16777619);
        }

        return new FuzzRandom((int)(hash & int.MaxValue));
    }

    private static string Short(string text) => text.ReplaceLineEndings(" ") is var line && line.Length > 600 ? line[..600] + "..." : line;
}
