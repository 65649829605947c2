using System.Globalization;

namespace ImplicitNet.Fuzz;

/// <summary>What the program is asked for: --cases N --seed S --format F --from I --keep FOLDER.</summary>
internal sealed record FuzzOptions
{
    public const string Usage = "usage: ImplicitNet.Fuzz [--cases N] [--seed S] [--format NAME] [--from INDEX] [--keep FOLDER]";

    /// <summary>How many cases; default 20,000.</summary>
    public int Cases { get; init; } = 20_000;

    /// <summary>A case is a function of this seed, its format and its index.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The one kind of file, or null for all in turn.</summary>
    public string? Format { get; init; }

    /// <summary>Index of the first case.</summary>
    public int From { get; init; }

    /// <summary>Where files that were findings are kept; null for nowhere.</summary>
    public string? Keep { get; init; }

    /// <summary>The shared file of the parent, which starts this process to run the cases; null in the parent.</summary>
    public string? Board { get; init; }

    public static FuzzOptions? Parse(IReadOnlyList<string> arguments)
    {
        FuzzOptions options = new();
        for (int i = 0; i + 1 < arguments.Count; i += 2)
        {
            string value = arguments[i + 1];
            bool isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
            FuzzOptions? next = arguments[i] switch
            {
                "--cases" when isNumber => options with { Cases = number },
                "--seed" when isNumber => options with { Seed = number },
                "--from" when isNumber => options with { From = number },
                "--format" => options with { Format = value },
                "--keep" => options with { Keep = value },
                "--board" => options with { Board = value },
                _ => null,
            };
            if (next is null)
            {
                return null;
            }

            options = next;
        }

        return arguments.Count % 2 == 0 ? options : null;
    }

    public string[] ToArguments(string board, int from) =>
    [
        "--cases", Text(Cases), "--seed", Text(Seed), "--from", Text(from), "--board", board,
        .. Format is null ? [] : (string[])["--format", Format], .. Keep is null ? [] : (string[])["--keep", Keep],
    ];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
