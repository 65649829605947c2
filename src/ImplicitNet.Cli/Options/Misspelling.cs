using System.CommandLine;
using System.CommandLine.Completions;

namespace ImplicitNet.Cli.Options;

/// <summary>What is said about a command, an option or a value that there is none of: the nearest names, or else all of them.</summary>
internal static class Misspelling
{
    // More are a list again.
    private const int MostNamed = 3;

    // A letter in four may be wrong, up to three; of so few letters none, but one may be missing, or they may
    // stand in another order.
    private const int LettersForOne = 4;
    private const int MostWrong = 3;

    // Shorter pieces are in names by chance.
    private const int LeastPiece = 3;
    private const int LeastWord = 4;

    /// <summary>A value that an option does not take.</summary>
    /// <param name="option">The option, with its dashes.</param>
    /// <param name="given">The value.</param>
    /// <param name="names">What it takes.</param>
    /// <param name="rule">What is said where none is near, after the option's name; null: that it must be one of them.</param>
    public static string OfValue(string option, string given, IReadOnlyList<string> names, string? rule = null) =>
        Meant(given, names) is { } meant
            ? $"{option} {given}: {meant}"
            : $"{option} must be {rule ?? Either(names)}; given {given}.";

    /// <summary>A word of the command line that is neither a command nor an option nor a value of one.</summary>
    /// <param name="given">The word.</param>
    /// <param name="command">The command that it was given to.</param>
    /// <param name="root">The program.</param>
    public static string OfWord(string given, Command command, Command root)
    {
        string name = given.Split('=')[0];
        string[] options = [.. command.Options.Where(option => !option.Hidden).SelectMany(option => option.Aliases.Prepend(option.Name))];
        string[] words = [.. command.Subcommands.Select(one => one.Name), .. options.Where(IsLong)];
        if (Meant(name, words) is { } meant)
        {
            return $"'{given}' is not understood; {meant}";
        }

        string[] owners = [.. root.Subcommands.Where(one => one.Options.Any(option => option.Name == name && !option.Hidden))
            .Select(one => one.Name)];
        string? value = command.Options
            .FirstOrDefault(option => option.GetCompletions(CompletionContext.Empty).Any(item => item.Label == given))?.Name;
        return $"'{given}' is not understood" + ((owners.Length, value) switch
        {
            ( > 0, _) => $"; it is an option of {Either(owners, "and")}",
            (_, not null) => $"; did you mean {value} {given}?",
            _ when command.Subcommands.Count > 0 => $"; the commands are {Either(words, "and")}",
            _ => "",
        });
    }

    /// <summary>"did you mean this or that?"; null where no name is near.</summary>
    public static string? Meant(string given, IReadOnlyList<string> names)
    {
        (int Far, string Name)[] near =
            [.. names.Select(name => (Far: Farness(Stem(given), Stem(name)), Name: name)).Where(pair => pair.Far < int.MaxValue)];
        string[] nearest = [.. near.Where(pair => pair.Far == near.Min(one => one.Far)).Select(pair => pair.Name)];
        return nearest.Length is > 0 and <= MostNamed ? $"did you mean {Either(nearest)}?" : null;
    }

    /// <summary>Names in a sentence: "a, b or c".</summary>
    public static string Either(IReadOnlyList<string> names, string last = "or") =>
        names.Count == 1 ? names[0] : $"{string.Join(", ", names.SkipLast(1))} {last} {names[^1]}";

    private static bool IsLong(string name) => name.StartsWith("--", StringComparison.Ordinal);

    private static string Stem(string word) => word.TrimStart('-').ToLowerInvariant();

    private static int Farness(string given, string name)
    {
        int wrong = Distance(given, name);
        bool isNear = given.Length >= LettersForOne
            ? wrong <= Math.Min(given.Length / LettersForOne, MostWrong)
            : given.Order().SequenceEqual(name.Order()) || (given.Length >= LeastPiece && wrong == 1 && name.Length > given.Length);
        string initials = string.Concat(name.Split('-').Where(part => part.Length > 0).Select(part => part[0]));
        return isNear ? wrong
            : given.Length >= LeastPiece && name.StartsWith(given, StringComparison.Ordinal) ? MostWrong + 1
            : given.Length > 1 && given == initials ? MostWrong + 1
            : given.Length >= LeastPiece && name.Contains(given, StringComparison.Ordinal) ? MostWrong + 2
            : name.Length >= LeastWord && given.StartsWith(name, StringComparison.Ordinal) ? MostWrong + 2
            : int.MaxValue;
    }

    /// <summary>Letters to insert, leave out, replace or swap with their neighbour (optimal string alignment).</summary>
    private static int Distance(string one, string other)
    {
        int[,] cost = new int[one.Length + 1, other.Length + 1];
        for (int i = 0; i <= one.Length; i++)
        {
            for (int j = 0; j <= other.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                int replaced = cost[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replaced, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[one.Length, other.Length];
    }
}
