using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>Hostile calls at random, in processes of their own, and whether each answers or refuses in a few words.</summary>
internal static partial class CallReferee
{
    // Some seconds on one core.
    private const int CallsOfCi = 600;
    private const int FindingsOfKind = 2;

    // Past the patience of the process itself: then it cannot even say that it hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs it. 0: nothing found.</summary>
    public static int Run(string[] arguments)
    {
        bool isPlanted = arguments is [RefereeCase.Planted];
        int count = RefereeCase.Count(isPlanted ? 12 : CallsOfCi);
        string seed = RefereeCase.All().First().Seed;
        Tally tally = new();
        for (int done = 0; done < count;)
        {
            done += Batch(seed, done, count - done, isPlanted ? RefereeCase.Planted : "", tally);
        }

        tally.Print();
        Console.WriteLine($"{count} calls, {tally.Deaths} deaths, {tally.Hangs} hangs, {tally.Rest} native stacks or undocumented exceptions");
        return tally.Deaths + tally.Hangs + tally.Rest == 0 ? 0 : 1;
    }

    /// <summary>One process, until it is through or dead.</summary>
    /// <returns>Calls made, the last one included.</returns>
    private static int Batch(string seed, int skipped, int count, string planted, Tally tally)
    {
        using Process process = RefereeProcess.Start(CallBatch.Verb, seed, Text(skipped), Text(count), planted);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        int made = 0;
        string call = "";
        while (true)
        {
            Task<string?> reading = process.StandardOutput.ReadLineAsync();
            bool isHung = !reading.Wait(Patience);
            string? line = isHung ? CallBatch.Hung : reading.Result;
            if (line is null)
            {
                break;
            }

            if (line.StartsWith(CallBatch.Begin, StringComparison.Ordinal))
            {
                call = line[CallBatch.Begin.Length..];
                made++;
            }
            else if (line == CallBatch.Hung)
            {
                tally.Hang(call);
                process.Kill();
                process.WaitForExit();
                return made;
            }
            else if (line != CallBatch.End + CallBatch.Fine)
            {
                tally.Other(call, line[CallBatch.End.Length..]);
            }
        }

        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            tally.Death(call, process.ExitCode, LastWords(errors.GetAwaiter().GetResult()));
        }

        return made == 0 ? throw new InvalidOperationException($"The process for {seed} made no call: exit code {process.ExitCode}.") : made;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string LastWords(string errors)
    {
        string[] lines = [.. errors.Split('\n').Select(line => line.Trim())];
        return lines.FirstOrDefault(line => line.StartsWith("what():", StringComparison.Ordinal)) ?? lines[0];
    }

    /// <summary>What was found, by kind.</summary>
    private sealed partial class Tally
    {
        private readonly Dictionary<string, int> _kinds = [];

        public int Deaths { get; private set; }

        public int Hangs { get; private set; }

        public int Rest { get; private set; }

        public void Death(string call, int code, string words)
        {
            Deaths++;
            Add($"death, exit code {code}, {words}", call);
        }

        public void Hang(string call)
        {
            Hangs++;
            Add("hang", call);
        }

        public void Other(string call, string words)
        {
            Rest++;
            Add(words, call);
        }

        public void Print()
        {
            foreach ((string kind, int times) in _kinds.OrderByDescending(entry => entry.Value))
            {
                Console.WriteLine($"{times} times {kind}");
            }
        }

        private void Add(string words, string call)
        {
            string kind = Numbers().Replace(words, "#");
            _kinds[kind] = _kinds.GetValueOrDefault(kind) + 1;
            if (_kinds[kind] <= FindingsOfKind)
            {
                int space = call.IndexOf(' ', StringComparison.Ordinal);
                Console.WriteLine($"CsCheck_Seed={call[..space]} CsCheck_Iter=1: {call[(space + 1)..]}: {words}");
            }
        }

        [GeneratedRegex("[0-9]+")]
        private static partial Regex Numbers();
    }
}
