using System.CommandLine;
using System.CommandLine.Parsing;
using ImplicitNet.Cli.Commands;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;

namespace ImplicitNet.Cli;

/// <summary>The entry point: from arguments to an exit code. The one place that catches.</summary>
internal static class CommandLine
{
    private const string Name = "implicitnet";

    // Of the launcher's processes each would do the whole work of another one, and some of it in one folder.
    private static readonly string[] OnSeveralRanks = [Name, "train", "info"];

    /// <summary>Runs a command as a process that is no terminal would, with plain lines.</summary>
    public static int Run(string[] arguments, TextWriter output, TextWriter error) => Run(arguments, Terminal.Plain(output, error));

    /// <summary>Runs a command.</summary>
    public static int Run(string[] arguments, Terminal terminal)
    {
        using Interruption interruption = new(
            terminal.Leave,
            () => FailureMessage.Report(new OperationCanceledException(), Ranks.Prefix == "" ? terminal.Error : TextWriter.Null));

        // Work that nobody can be told of is stopped as by a signal: what train has done is saved.
        terminal.OnLoss(interruption.Cancel);
        int code;
        try
        {
            code = Invoke(Root(terminal, interruption.Token).Parse(arguments), terminal);
        }
        catch (OperationCanceledException) when (terminal.Loss is not null && !interruption.IsSignalled)
        {
            code = ExitCodes.Failure;
        }
        catch (Exception exception)
        {
            return FailureMessage.Report(exception, Ranks.FirstSpeaks(exception) ? TextWriter.Null : terminal.Error);
        }

        return terminal.Loss is { } loss && !interruption.IsSignalled ? FailureMessage.ReportLoss(loss, code, terminal.Error) : code;
    }

    /// <summary>Why a command line is not understood; null where it is. Nothing is run.</summary>
    public static string? Problem(string[] arguments) =>
        Problem(Root(Terminal.Plain(TextWriter.Null, TextWriter.Null), CancellationToken.None).Parse(arguments));

    private static string? Problem(ParseResult parsed) => parsed switch
    {
        { Action: HelpWithExamples } => null,
        _ when (parsed.UnmatchedTokens is [string first, ..] ? first : Stray(parsed)) is { } word =>
            Misspelling.OfWord(word, parsed.CommandResult.Command, parsed.RootCommandResult.Command),
        _ => Missing(parsed) ?? (parsed.Errors is [ParseError error, ..] ? error.Message.TrimEnd('.') : null),
    };

    /// <summary>What must be given and is not: the value of an option, or else the arguments and options that a command needs.</summary>
    private static string? Missing(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (command.Options.FirstOrDefault(option => option.Arity.MinimumNumberOfValues > 0
            && parsed.GetResult(option) is { Implicit: false, Tokens.Count: 0 }) is { } option)
        {
            return $"{option.Name} needs a value, {HelpWithExamples.Value(option)}";
        }

        string[] missing =
        [
            .. command.Arguments.Where(one => one.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(one) is not { Tokens.Count: > 0 })
                .Select(HelpWithExamples.Value),
            .. command.Options.Where(one => one.Required && parsed.GetResult(one) is not { Implicit: false })
                .Select(one => $"{one.Name} {HelpWithExamples.Value(one)}"),
        ];
        return missing.Length > 0 ? $"{command.Name} needs {Misspelling.Either(missing, "and")}" : null;
    }

    /// <summary>What looks like an option and was taken for a file, since there is none of that name.</summary>
    private static string? Stray(ParseResult parsed) => parsed.CommandResult.Children.OfType<ArgumentResult>()
        .SelectMany(argument => argument.Tokens)
        .Select(token => token.Value)
        .FirstOrDefault(value => value.StartsWith("--", StringComparison.Ordinal) && !File.Exists(value));

    private static int Invoke(ParseResult parsed, Terminal terminal)
    {
        if (Problem(parsed) is { } problem)
        {
            string command = parsed.CommandResult.Command.Name == Name ? Name : $"{Name} {parsed.CommandResult.Command.Name}";
            throw new CommandException($"{problem}{(problem.EndsWith('?') ? "" : ".")} See '{command} --help'.", ExitCodes.Usage);
        }

        if (parsed.Action is not HelpWithExamples && !OnSeveralRanks.Contains(parsed.CommandResult.Command.Name))
        {
            Ranks.Refuse("Only train runs on several ranks");
        }

        return parsed.Invoke(new InvocationConfiguration
        {
            Output = terminal.Output,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    /// <summary>The program with its commands.</summary>
    /// <param name="terminal">Where they speak.</param>
    /// <param name="cancellation">Ends them.</param>
    /// <remarks>No RootCommand: that takes its name from the file, and help would tell people to type it.</remarks>
    public static Command Root(Terminal terminal, CancellationToken cancellation)
    {
        Command root = new(Name, "Trains implicit networks by Jacobian-free backpropagation (JFB), and uses them.")
        {
            new VersionOption { Description = "Print the version." },
        };
        root.Add(new TrainCommand(terminal, cancellation).Create());
        root.Add(new CompareCommand(terminal, cancellation).Create());
        root.Add(new ReproduceCommand(terminal, cancellation).Create());
        root.Add(new EvaluateCommand(terminal, cancellation).Create());
        root.Add(new AuditCommand(terminal, cancellation).Create());
        root.Add(new PredictCommand(terminal, cancellation).Create());
        root.Add(new GenerateCommand(terminal, cancellation).Create());
        root.Add(new RestoreCommand(terminal, cancellation).Create());
        root.Add(new SolveCommand(terminal, cancellation).Create());
        root.Add(new MemoryCommand(terminal, cancellation).Create());
        root.Add(new InfoCommand(terminal).Create());
        root.Add(new ImportCommand(terminal).Create());
        root.Add(new ExportCommand(terminal).Create());
        HelpWithExamples.AddTo(
            root,
            "implicitnet train",
            "implicitnet evaluate --model runs/mazes-9-20260131-180000",
            "implicitnet predict --model runs/mazes-9-20260131-180000 maze.png");
        return root;
    }
}
