using System.CommandLine;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes options that take one of a few names.</summary>
internal static class ChoiceOption
{
    // Longer lists stand in the description: a term as wide would leave no room for one.
    private const int LongestTerm = 15;

    public static Option<string?> Create(string name, string description, params IReadOnlyList<string> choices)
    {
        string term = string.Join('|', choices);
        bool isShort = term.Length <= LongestTerm;
        Option<string?> option = new(name)
        {
            Description = isShort ? description : $"{description} One of {string.Join(", ", choices)}.",
            HelpName = isShort ? term : "name",
        };
        option.CompletionSources.Add([.. choices]);
        option.Validators.Add(result =>
        {
            string given = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
            if (!choices.Contains(given))
            {
                result.AddError(Misspelling.OfValue(name, given, choices));
            }
        });
        return option;
    }
}
