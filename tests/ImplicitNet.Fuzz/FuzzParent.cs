using System.Diagnostics;

namespace ImplicitNet.Fuzz;

/// <summary>Starts the process that runs the cases, and starts it again behind a case that ended it or hangs.</summary>
internal sealed class FuzzParent(FuzzOptions options, IReadOnlyList<string> formats, string folder)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Runs all cases and prints the counts.</summary>
    /// <returns>How many findings there were.</returns>
    public long Run()
    {
        string path = Path.Combine(folder, "board");
        using FuzzBoard board = new(path, formats.Count);
        for (int from = options.From; from < options.Cases;)
        {
            board.Case = from;
            using Process child = Start(path, from);
            string? end = Watch(child, board);
            if (end is null)
            {
                break;
            }

            int index = (int)board.Case;
            string format = formats[index % formats.Count];
            Console.WriteLine($"finding: {format} --seed {options.Seed} --from {index}: {end}");
            if (options.Keep is { } kept && File.Exists(Path.Combine(folder, "case")))
            {
                Directory.CreateDirectory(kept);
                File.Copy(Path.Combine(folder, "case"), Path.Combine(kept, $"{options.Seed}-{index}.{format}"), overwrite: true);
            }

            board.Count(index % formats.Count, isRead: false, isFinding: true);
            from = index + 1;
        }

        long cases = 0, findings = 0;
        for (int format = 0; format < formats.Count; format++)
        {
            (long tried, long read, long found) = board.Of(format);
            Console.WriteLine($"{formats[format],-14} {tried,9} cases, {read,9} read, {tried - read - found,9} refused, {found} findings");
            (cases, findings) = (cases + tried, findings + found);
        }

        Console.WriteLine($"{cases} cases, {findings} findings");
        return findings;
    }

    private Process Start(string board, int from)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { UseShellExecute = false };

        // Under the dotnet command the program is its first argument.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(typeof(FuzzParent).Assembly.Location);
        }

        foreach (string argument in options.ToArguments(board, from))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["OMP_NUM_THREADS"] = "1";
        return Process.Start(start)!;
    }

    // What was wrong with the present case, or null when all cases were run.
    private static string? Watch(Process child, FuzzBoard board)
    {
        long last = -1;
        long since = Stopwatch.GetTimestamp();
        while (!child.WaitForExit(TimeSpan.FromMilliseconds(100)))
        {
            if (board.Case != last)
            {
                (last, since) = (board.Case, Stopwatch.GetTimestamp());
            }
            else if (Stopwatch.GetElapsedTime(since) > Patience)
            {
                child.Kill();
                child.WaitForExit();
                return $"not done in {Patience.TotalSeconds} seconds";
            }
        }

        return child.ExitCode == 0 ? null : $"the process ended with code {child.ExitCode}";
    }
}
