using System.CommandLine;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes options that take one of a few names.</summary>
internal static class ChoiceOption
{
    public static Option<string?> Create(string name, string description, params IReadOnlyList<string> choices)
    {
        Option<string?> option = new(name) { Description = description, HelpName = string.Join('|', choices) };
        option.CompletionSources.Add([.. choices]);
        option.Validators.Add(result =>
        {
            string given = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
            if (!choices.Contains(given))
            {
                result.AddError($"{name} must be {Either(choices)}; given {given}.");
            }
        });
        return option;
    }

    private static string Either(IReadOnlyList<string> choices) =>
        choices.Count == 1 ? choices[0] : $"{string.Join(", ", choices.SkipLast(1))} or {choices[^1]}";
}
