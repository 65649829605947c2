using System.CommandLine;
using System.CommandLine.Parsing;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Models.Flows;

namespace ImplicitNet.Cli.Options;

/// <summary>Options of a command that are for networks with flows too.</summary>
internal static class FlowOptions
{
    /// <summary>Refuses what is given and has no meaning for a flow.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="folder">The model.</param>
    /// <param name="taken">What has one.</param>
    /// <exception cref="CommandException">Another option is given.</exception>
    public static void RefuseOthers(ParseResult parsed, string folder, params IReadOnlyList<Option> taken)
    {
        OptionResult? other = parsed.CommandResult.Children.OfType<OptionResult>()
            .FirstOrDefault(result => !result.Implicit && !taken.Contains(result.Option));
        if (other is not null)
        {
            throw new CommandException(
                $"{other.Option.Name} is not for {FlowKind.Flows}, and {folder} is a model of one; leave it out.", ExitCodes.Usage);
        }
    }

    /// <summary>A model's configuration with the tolerances and the limit that are given.</summary>
    public static FlowModelConfig Over(ParseResult parsed, SolveOptions options, FlowModelConfig config) => config with
    {
        RelativeTolerance = parsed.GetValue(options.Tolerance) ?? config.RelativeTolerance,
        AbsoluteTolerance = parsed.GetValue(options.AbsoluteTolerance) ?? config.AbsoluteTolerance,
        MaxSteps = parsed.GetValue(options.MaxSteps) ?? config.MaxSteps,
    };
}
