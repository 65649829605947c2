using System.Diagnostics;
using System.Globalization;

namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>Hostile calls in a process that may die of them: it says before each which one it is, and after each how it ended.</summary>
internal static class CallBatch
{
    /// <summary>The first argument of such a process; then a seed, calls to pass over, calls to make, and whether planted ones.</summary>
    public const string Verb = "call-batch";

    public const string Begin = "begin ";
    public const string End = "end ";
    public const string Hung = "hung";
    public const string Fine = "fine";

    // Calls of a fraction of a millisecond. A core that is shared may make a collection of garbage last a while.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PatienceWithPlanted = TimeSpan.FromSeconds(2);

    private const long MostMemory = 3L << 30;
    private const int CallsBetweenCollections = 200;
    private const int StackBytes = 4 << 20;

    public static int Run(string[] arguments)
    {
        bool isPlanted = arguments[3] == RefereeCase.Planted;
        IReadOnlyList<EntryPoint> entries = isPlanted ? EntryPoint.Planted : EntryPoint.All;
        int skipped = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        int count = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        using StreamWriter output = new(Console.OpenStandardOutput()) { AutoFlush = true };
        foreach ((int number, RefereeCase drawn) in RefereeCase.All(arguments[0]).Skip(skipped).Take(count).Index())
        {
            HostileCall call = new(drawn.Random, entries);
            output.WriteLine($"{Begin}{drawn.Seed} {call}");
            string? ending = null;

            // A thread of its own: modes and dispose scopes that a call leaves behind go with it.
            Thread thread = new(() => ending = Ending(call), StackBytes) { IsBackground = true };
            thread.Start();
            if (!thread.Join(isPlanted ? PatienceWithPlanted : Patience))
            {
                output.WriteLine(Hung);
                output.Flush();
                Environment.Exit(3);
            }

            if (number % CallsBetweenCollections == CallsBetweenCollections - 1)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }

            ending ??= Process.GetCurrentProcess().WorkingSet64 > MostMemory ? "more than 3 GiB of memory" : HealthCheck.Objection();
            output.WriteLine(End + (ending ?? Fine));
        }

        return 0;
    }

    private static string? Ending(HostileCall call)
    {
        try
        {
            call.Run();
            return null;
        }
        catch (HostileException)
        {
            return null;
        }
        catch (StartChangedException exception)
        {
            return exception.Message;
        }
        catch (Exception exception)
        {
            // What torch says to a call of torch is between those two.
            string place = Place(exception);
            return place.Length > 0 && Refusals.Objection(exception) is { } objection ? $"{objection} [{place}]" : null;
        }
    }

    /// <summary>The innermost method of the libraries on the way of an exception.</summary>
    private static string Place(Exception exception)
    {
        IEnumerable<string> frames = (exception.StackTrace ?? "").Split('\n').Select(line => line.Trim());
        string[] own = [.. frames.Where(line => line.StartsWith("at ImplicitNet.", StringComparison.Ordinal))];
        string? frame = own.FirstOrDefault(line => !line.Contains("Outside.Tests", StringComparison.Ordinal))
            ?? own.FirstOrDefault(line => line.Contains(RefereeCase.Planted, StringComparison.OrdinalIgnoreCase));
        return (frame ?? "").Split('(')[0].Replace("at ImplicitNet.", "", StringComparison.Ordinal);
    }
}
