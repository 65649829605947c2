using System.CommandLine;
using System.CommandLine.Parsing;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Flows;
using ImplicitNet.Models.Flows;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Options;

/// <summary>Options of a command that are for networks with flows too.</summary>
internal static class FlowOptions
{
    /// <summary>Properties of the settings that a run of a flow has.</summary>
    public static IReadOnlySet<string> Settings { get; } = new HashSet<string>
    {
        nameof(RunSettings.Data), nameof(RunSettings.Validation), nameof(RunSettings.Samples), nameof(RunSettings.TestSamples),
        nameof(RunSettings.Seed), nameof(RunSettings.Threads), nameof(RunSettings.Device), nameof(RunSettings.Epochs),
        nameof(RunSettings.Batch), nameof(RunSettings.LearningRate), nameof(RunSettings.Schedule), nameof(RunSettings.Warmup),
        nameof(RunSettings.WeightDecay), nameof(RunSettings.ClipNorm), nameof(RunSettings.Average), nameof(RunSettings.Network),
        nameof(RunSettings.Tolerance), nameof(RunSettings.AbsoluteTolerance), nameof(RunSettings.MaxSteps), nameof(RunSettings.Method),
        nameof(RunSettings.CheckpointEvery), nameof(RunSettings.From),
        nameof(RunSettings.JacobianPenalty), nameof(RunSettings.KineticPenalty),
    };

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
    /// <exception cref="CommandException">The relative one is finer than the network's numbers.</exception>
    public static FlowModelConfig Over(ParseResult parsed, SolveOptions options, FlowModelConfig config) =>
        Problem(parsed.GetValue(options.Tolerance) ?? config.RelativeTolerance) is { } problem
            ? throw new CommandException($"--{problem}", ExitCodes.Usage)
            : Replaced(parsed, options, config);

    /// <summary>What is wrong with a relative tolerance, behind two dashes; null when nothing is.</summary>
    public static string? Problem(double tolerance)
    {
        try
        {
            new PidController { RelativeTolerance = tolerance, AbsoluteTolerance = 1 }.Tolerances(ScalarType.Float32);
            return null;
        }
        catch (ArgumentException exception)
        {
            return FormattableString.Invariant($"tolerance {tolerance}: {JsonShape.Line(exception)}");
        }
    }

    private static FlowModelConfig Replaced(ParseResult parsed, SolveOptions options, FlowModelConfig config) => config with
    {
        RelativeTolerance = parsed.GetValue(options.Tolerance) ?? config.RelativeTolerance,
        AbsoluteTolerance = parsed.GetValue(options.AbsoluteTolerance) ?? config.AbsoluteTolerance,
        MaxSteps = parsed.GetValue(options.MaxSteps) ?? config.MaxSteps,
    };
}
