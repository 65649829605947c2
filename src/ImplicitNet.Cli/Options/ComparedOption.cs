using System.CommandLine;
using System.CommandLine.Parsing;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes the option that names what is compared: gradients and twins. Its values are canonical.</summary>
internal static class ComparedOption
{
    private const string Twins =
        "; and twins: explicit (R once, by plain backpropagation), untied:N (of mazes, sums and texts: explicit, N layers R with weights "
            + "of their own) and through:K (the same network, by backpropagation through K undamped steps from the start; unrolled:K goes "
            + "K steps from the fixed point)";

    /// <param name="defaults">Taken when the option is not given.</param>
    /// <param name="withTwins">Whether networks that are trained or built otherwise may be named too.</param>
    public static Option<string[]?> Create(string defaults, bool withTwins = true) => new("--gradients")
    {
        Description = $"Gradients, with commas between them (default: {defaults}). "
            + $"There are {GradientOption.Choices}{(withTwins ? Twins : "")}.",
        HelpName = "list",
        CustomParser = argument =>
            Distinct(argument, [.. argument.Tokens[0].Value.Split(',')
                .Select(text => withTwins && Twin.IsMeant(text) ? ParseTwin(argument, text)
                    : GradientOption.Parse(argument, text)).OfType<string>()]),
    };

    private static string? ParseTwin(ArgumentResult argument, string text)
    {
        if (Twin.Problem(text) is not { } problem)
        {
            return text;
        }

        argument.AddError($"--gradients {problem}.");
        return null;
    }

    private static string[] Distinct(ArgumentResult argument, string[] gradients)
    {
        foreach (string twice in gradients.GroupBy(text => text).Where(group => group.Count() > 1).Select(group => group.Key))
        {
            argument.AddError($"--gradients: {twice} is there more than once.");
        }

        return gradients;
    }
}
