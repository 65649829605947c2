using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;

namespace ImplicitNet.Cli.Options;

/// <summary>The help of a command: usage, options under headings, examples and exit codes.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    // Narrower, hardly a description fits; wider, lines are hard to follow.
    private const int LeastWidth = 40;
    private const int MostWidth = 200;
    private const int UsualWidth = 80;

    private readonly Command _command;
    private readonly IReadOnlyList<string> _examples;

    private HelpWithExamples(Command command, IReadOnlyList<string> examples) => (_command, _examples) = (command, examples);

    /// <summary>Gives a command its help; one that has commands below it shows it also where none of them is named.</summary>
    /// <param name="command">All its options, arguments and commands are there.</param>
    /// <param name="examples">Command lines, whole.</param>
    public static void AddTo(Command command, params IReadOnlyList<string> examples)
    {
        HelpWithExamples help = new(command, examples);
        command.Add(new HelpOption("--help", "-h", "-?", "/h", "/?") { Description = "Show this page.", Action = help });
        if (command.Subcommands.Count > 0)
        {
            command.SetAction(parsed => help.Invoke(parsed));
        }
    }

    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        HelpLayout layout = new(output, Width(output));
        layout.Paragraph(_command.Description ?? "");
        layout.Heading("Usage");
        layout.Paragraph(Usage(parseResult.RootCommandResult.Command), "  ");
        if (_command.Subcommands.Count > 0)
        {
            layout.Paragraph($"{_command.Name} <command> --help", "  ");
            layout.Heading("Commands");
            Rows(layout, _command.Subcommands.Select(command => (command.Name, command.Description ?? "")));
        }

        if (_command.Arguments.Count > 0)
        {
            layout.Heading("Arguments");
            Rows(layout, _command.Arguments.Select(argument => (Value(argument), argument.Description ?? "")));
        }

        Option[] options = [.. _command.Options.Where(option => !option.Hidden)];
        int column = HelpLayout.Column(options.Select(Term));
        foreach (IGrouping<OptionGroup, Option> group in options.GroupBy(OptionGroups.Of).OrderBy(group => group.Key))
        {
            layout.Heading($"{group.Key}");
            layout.Rows([.. group.Select(option => (Term(option), Text(option)))], column);
        }

        layout.Heading("Examples");
        foreach (string example in _examples)
        {
            // A line that goes on behind a backslash is one command, also when it is pasted.
            layout.Paragraph(example, "  ", " \\");
        }

        layout.Heading("Exit codes");
        bool doesTrain = _command.Options.Any(option => option.Name == "--epochs");
        Rows(layout, ExitCodes.All(doesTrain).Select(code => ($"{code.Code,-3}", code.Meaning)));
        return ExitCodes.Success;
    }

    private static void Rows(HelpLayout layout, IEnumerable<(string Term, string Text)> rows)
    {
        (string Term, string Text)[] all = [.. rows];
        layout.Rows(all, HelpLayout.Column(all.Select(row => row.Term)));
    }

    private string Usage(Command root)
    {
        string name = _command == root ? root.Name : $"{root.Name} {_command.Name}";
        IEnumerable<string> arguments = _command.Arguments.Select(Value);
        IEnumerable<string> required = _command.Options.Where(option => option.Required).Select(option => $"{option.Name} {Value(option)}");
        return string.Join(
            ' ', [name, .. arguments, .. required, _command.Subcommands.Count > 0 ? "<command> [options]" : "[options]"]);
    }

    /// <summary>How the value of an argument is written, such as &lt;image&gt;...</summary>
    public static string Value(Argument argument) => $"<{argument.HelpName}>{(argument.Arity.MaximumNumberOfValues > 1 ? "..." : "")}";

    /// <summary>How the value of an option is written, such as &lt;folder&gt;; empty for a switch.</summary>
    public static string Value(Option option) => option.HelpName is { } name ? $"<{name}>" : "";

    // Names as they are written on every platform, short ones first.
    private static string Term(Option option)
    {
        IEnumerable<string> names = option.Aliases.Prepend(option.Name)
            .Where(name => name[0] == '-' && name != "-?").OrderBy(name => name.StartsWith("--", StringComparison.Ordinal));
        return $"{string.Join(", ", names)} {Value(option)}".TrimEnd();
    }

    private static string Text(Option option) => option.Description + (option.Required ? " Required." : "");

    /// <summary>That of COLUMNS where it is set, else of the terminal, else 80.</summary>
    private static int Width(TextWriter output)
    {
        string? wish = Environment.GetEnvironmentVariable("COLUMNS");
        if (!int.TryParse(wish, NumberStyles.None, CultureInfo.InvariantCulture, out int width) || width == 0)
        {
            bool isTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
            width = isTerminal && Console.WindowWidth > 0 ? Console.WindowWidth : UsualWidth;
        }

        return Math.Clamp(width, LeastWidth, MostWidth);
    }
}
