using System.CommandLine;
using ImplicitNet.Cli.Commands;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;

namespace ImplicitNet.Cli;

/// <summary>The entry point: from arguments to an exit code. The one place that catches.</summary>
internal static class CommandLine
{
    private const string Name = "implicitnet";

    /// <summary>Runs a command as a process that is no terminal would, with plain lines.</summary>
    public static int Run(string[] arguments, TextWriter output, TextWriter error) => Run(arguments, Terminal.Plain(output, error));

    /// <summary>Runs a command.</summary>
    public static int Run(string[] arguments, Terminal terminal)
    {
        try
        {
            using Interruption interruption = new(terminal.Leave, () => FailureMessage.Report(new OperationCanceledException(), terminal.Error));
            ParseResult parsed = Root(terminal, interruption.Token).Parse(arguments);
            if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
            {
                string problem = parsed.UnmatchedTokens is [string first, ..] ? $"'{first}' is not understood" : parsed.Errors[0].Message.TrimEnd('.');
                string command = parsed.CommandResult.Command.Name == Name ? Name : $"{Name} {parsed.CommandResult.Command.Name}";
                throw new CommandException($"{problem}. See '{command} --help'.", ExitCodes.Usage);
            }

            return parsed.Invoke(new InvocationConfiguration
            {
                Output = terminal.Output,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (Exception exception)
        {
            return FailureMessage.Report(exception, terminal.Error);
        }
    }

    // No RootCommand: that takes its name from the file, and help would tell people to type it.
    private static Command Root(Terminal terminal, CancellationToken cancellation)
    {
        Command root = new(Name, "Trains implicit networks by Jacobian-free backpropagation (JFB), and uses them.") { new VersionOption() };
        root.Add(new TrainCommand(terminal, cancellation).Create());
        root.Add(new CompareCommand(terminal, cancellation).Create());
        root.Add(new ReproduceCommand(terminal, cancellation).Create());
        root.Add(new EvaluateCommand(terminal, cancellation).Create());
        root.Add(new AuditCommand(terminal, cancellation).Create());
        root.Add(new PredictCommand(terminal, cancellation).Create());
        root.Add(new SolveCommand(terminal, cancellation).Create());
        root.Add(new MemoryCommand(terminal, cancellation).Create());
        root.Add(new InfoCommand(terminal).Create());
        root.Add(new ImportCommand(terminal).Create());
        root.Add(new ExportCommand(terminal).Create());
        HelpWithExamples.AddTo(
            root,
            "implicitnet train",
            "implicitnet evaluate --model runs/digits-20260131-180000",
            "implicitnet predict --model runs/digits-20260131-180000 seven.png");
        return root;
    }
}
