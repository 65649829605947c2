using System.CommandLine;
using ImplicitNet.Cli.Kinds;
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
            Description = $"Solvers to compare, separated by commas: {string.Join(", ", SolverChoice.General)}; of monotone models also "
                + $"{string.Join(", ", SolverChoice.Splittings)} (default: all of them).",
            HelpName = "names",
        };
        option.Validators.Add(result =>
        {
            string[] given = Split(result.Tokens.Count == 0 ? "" : result.Tokens[0].Value);
            string? wrong = given.Length == 0 ? "nothing" : given.FirstOrDefault(name => !SolverChoice.Names.Contains(name));
            string? twice = given.CountBy(name => name).Where(pair => pair.Value > 1).Select(pair => pair.Key).FirstOrDefault();
            if (wrong is not null)
            {
                result.AddError(Misspelling.OfValue(
                    Name, wrong, SolverChoice.Names, $"one or more of {string.Join(", ", SolverChoice.Names)}, separated by commas"));
            }
            else if (twice is not null)
            {
                result.AddError($"{Name} names {twice} twice.");
            }
        });
        return option;
    }

    /// <summary>The names in a value that has passed; all that can solve it where none is given.</summary>
    /// <param name="value">What was given.</param>
    /// <param name="isMonotone">Whether a monotone network is solved.</param>
    /// <exception cref="CommandException">A splitting is named, and none is.</exception>
    public static IReadOnlyList<string> Names(string? value, bool isMonotone)
    {
        IReadOnlyList<string> able = isMonotone ? SolverChoice.Names : SolverChoice.General;
        string[]? given = value is null ? null : Split(value);
        return given?.FirstOrDefault(name => !able.Contains(name)) is { } splitting
            ? throw new CommandException(
                $"{Name} {splitting}: a splitting is for {MonotoneImages.Networks} alone (--model FOLDER of one).", ExitCodes.Usage)
            : given ?? able;
    }

    private static string[] Split(string value) => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
