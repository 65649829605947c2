using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;

namespace ImplicitNet.Cli.Options;

/// <summary>The help of a command, with examples and exit codes below it.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    // Narrower, the two columns of options would be of a word each; wider, lines are hard to follow.
    private const int LeastWidth = 40;
    private const int MostWidth = 200;
    private const int UsualWidth = 80;

    private readonly HelpAction _help;
    private readonly IReadOnlyList<string> _examples;

    private HelpWithExamples(HelpAction help, IReadOnlyList<string> examples) => (_help, _examples) = (help, examples);

    public static void AddTo(Command command, params IReadOnlyList<string> examples)
    {
        if (command.Options.OfType<HelpOption>().FirstOrDefault() is not { } option)
        {
            command.Add(option = new HelpOption());
        }

        option.Action = new HelpWithExamples(new HelpAction(), examples);
    }

    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        int width = Width(output);
        _help.MaxWidth = width;
        int code = _help.Invoke(parseResult);
        output.WriteLine("Examples:");
        foreach (string example in _examples)
        {
            // A line that goes on behind a backslash is one command, also when it is pasted.
            WriteWrapped(output, "  ", "    ", example.Split(' '), width, " \\");
        }

        output.WriteLine();
        output.WriteLine("Exit codes:");
        foreach ((int exit, string meaning) in ExitCodes.All)
        {
            WriteWrapped(output, $"  {exit,-4} ", "       ", meaning.Split(' '), width, "");
        }

        return code;
    }

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

    private static void WriteWrapped(TextWriter output, string indent, string hanging, string[] words, int width, string continuation)
    {
        string line = indent + words[0];
        foreach (string word in words[1..])
        {
            if (line.Length + 1 + word.Length + continuation.Length > width)
            {
                output.WriteLine(line + continuation);
                line = hanging + word;
            }
            else
            {
                line += " " + word;
            }
        }

        output.WriteLine(line);
    }
}
