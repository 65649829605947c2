using System.CommandLine;
using System.CommandLine.Parsing;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes options that take gradients; their values are canonical, as <see cref="GradientChoice.Text"/> is.</summary>
internal static class GradientOption
{
    /// <summary>What may be written.</summary>
    public static string Choices { get; } =
        $"{string.Join(", ", GradientChoice.Forms)}; the linear solvers are {string.Join(", ", GradientChoice.LinearSolverNames)}";

    /// <summary>What the help says of one gradient.</summary>
    public static string Help =>
        $"How one differentiates through the fixed point: {Choices} "
            + $"(default: {GradientChoice.Default}; {TextKind.UsualGradient} for texts). What follows the name may be left out.";

    public static Option<string?> One(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "gradient",
        CustomParser = argument => Parse(argument, argument.Tokens[0].Value),
    };

    /// <summary>Reads one; what cannot be read is an error of the argument, and null.</summary>
    public static string? Parse(ArgumentResult argument, string text)
    {
        try
        {
            return GradientChoice.Parse(text).Text;
        }
        catch (ArgumentException exception)
        {
            argument.AddError(Meant(text) is { } meant ? $"--gradient {text}: {meant}" : $"--{exception.Message}");
            return null;
        }
    }

    /// <summary>What was meant where the name is wrong, or that of a linear solver behind a right one.</summary>
    private static string? Meant(string text)
    {
        string[] parts = text.Split(':');
        return !GradientChoice.Names.Contains(parts[0]) ? Misspelling.Meant(parts[0], GradientChoice.Names)
            : parts is ["implicit", var solver] ? Misspelling.Meant(solver, GradientChoice.LinearSolverNames)
            : null;
    }
}
