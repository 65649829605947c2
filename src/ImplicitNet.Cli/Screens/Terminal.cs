using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>Where a command writes. On a terminal in colour and with a live bar; elsewhere in plain lines, without a control character.</summary>
internal sealed class Terminal
{
    private readonly IAnsiConsole? _console;
    private bool _hasBar;

    private Terminal(IAnsiConsole? console, TextWriter output, TextWriter error) => (_console, Output, Error) = (console, output, error);

    /// <summary>Standard output.</summary>
    public TextWriter Output { get; }

    /// <summary>Standard error.</summary>
    public TextWriter Error { get; }

    /// <summary>Set by --quiet: only results are written.</summary>
    public bool IsQuiet { get; set; }

    /// <summary>Plain lines to two writers.</summary>
    public static Terminal Plain(TextWriter output, TextWriter error) => new(null, output, error);

    /// <summary>A terminal, whatever stands behind it.</summary>
    public static Terminal Live(IAnsiConsole console, TextWriter error) => new(console, console.Profile.Out.Writer, error);

    /// <summary>The streams of this process; live where standard output is a terminal that can move its cursor.</summary>
    public static Terminal OfProcess()
    {
        bool isTerminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or "");
        return isTerminal ? Live(AnsiConsole.Console, Console.Error) : Plain(Console.Out, Console.Error);
    }

    /// <summary>A line on the way; nothing under --quiet.</summary>
    /// <param name="markup">Text with Spectre's markup; see <see cref="Markup.Escape(string)"/>.</param>
    public void Tell(string markup = "")
    {
        if (!IsQuiet)
        {
            Say(markup);
        }
    }

    /// <summary>A line of the result, also under --quiet.</summary>
    public void Say(string markup = "")
    {
        if (_console is null)
        {
            Output.WriteLine(Markup.Remove(markup).TrimEnd());
        }
        else
        {
            // Spectre writes over the bar, and would leave what is to the right of a shorter line.
            int missing = _hasBar ? _console.Profile.Width - 1 - Markup.Remove(markup).Length : 0;
            _console.MarkupLine(markup + new string(' ', Math.Max(0, missing)));
        }
    }

    /// <summary>A line as it is, such as JSON: never wrapped.</summary>
    public void Raw(string line) => Output.WriteLine(line);

    /// <summary>Does some work that shows how far it is.</summary>
    public T WithBar<T>(Func<Bar, T> work)
    {
        if (IsQuiet)
        {
            return work(new NoBar());
        }

        if (_console is null)
        {
            return work(new PlainBar(Output));
        }

        _hasBar = true;
        try
        {
            return LiveBar.Run(_console, work);
        }
        finally
        {
            _hasBar = false;
        }
    }
}
