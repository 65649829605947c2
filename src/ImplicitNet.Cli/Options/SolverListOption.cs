using System.CommandLine;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes the option that names several solvers, separated by commas.</summary>
internal static class SolverListOption
{
    public const string Name = "--solvers";

    public static Option<string?> Create()
    {
        Option<string?> option = new(Name)
        {
            Description = $"Solvers to compare, separated by commas (default: all of them): {string.Join(", ", SolverChoice.General)}.",
            HelpName = "names",
        };
        option.Validators.Add(result =>
        {
            string[] given = Split(result.Tokens.Count == 0 ? "" : result.Tokens[0].Value);
            string? wrong = given.Length == 0 ? "nothing" : given.FirstOrDefault(name => !SolverChoice.General.Contains(name));
            string? twice = given.CountBy(name => name).Where(pair => pair.Value > 1).Select(pair => pair.Key).FirstOrDefault();
            if (wrong is not null)
            {
                result.AddError(Misspelling.OfValue(
                    Name, wrong, SolverChoice.General, $"one or more of {string.Join(", ", SolverChoice.General)}, separated by commas"));
            }
            else if (twice is not null)
            {
                result.AddError($"{Name} names {twice} twice.");
            }
        });
        return option;
    }

    /// <summary>The names in a value that has passed; all where none is given.</summary>
    public static IReadOnlyList<string> Names(string? value) => value is null ? SolverChoice.General : Split(value);

    private static string[] Split(string value) => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
