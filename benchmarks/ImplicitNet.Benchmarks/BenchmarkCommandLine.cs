using System.CommandLine;
using ImplicitNet.Benchmarks.Commands;
using ImplicitNet.Cli;

namespace ImplicitNet.Benchmarks;

/// <summary>From arguments to an exit code, by the rules of the library's command line. The one place that catches.</summary>
internal static class BenchmarkCommandLine
{
    private const string Name = "benchmarks";

    /// <summary>Runs a command.</summary>
    /// <param name="arguments">The command's name and its options.</param>
    /// <param name="output">Where results go.</param>
    /// <param name="error">Where the one line about a failure goes.</param>
    public static int Run(string[] arguments, TextWriter output, TextWriter error)
    {
        try
        {
            ParseResult parsed = Parse(arguments);
            if (parsed.Errors.Count > 0)
            {
                string problem = parsed.UnmatchedTokens is [string first,
                    ..] ? $"'{first}' is not understood" : parsed.Errors[0].Message.TrimEnd('.');
                throw new CommandException($"{problem}. See --help.", ExitCodes.Usage);
            }

            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception exception)
        {
            return FailureMessage.Report(exception, error);
        }
    }

    /// <summary>What a command line means. Nothing is run.</summary>
    public static ParseResult Parse(string[] arguments) => Root().Parse(arguments);

    private static Command Root() => new(Name, "Measures ImplicitNet: its speed against a naive procedure and against the machine, "
        + "the time to an accuracy, and how time and memory grow.")
    {
        new System.CommandLine.Help.HelpOption(),
        new PairedCommand().Create(),
        new CeilingCommand().Create(),
        new ConvolutionsCommand().Create(),
        new ScalingCommand().Create(),
        new LatencyCommand().Create(),
        new AccuracyCommand().Create(),
        new PiecesCommand().Create(),
        new DistributedCommand().Create(),
        new MapsCommand().Create(),
    };
}
