using System.Text;
using ImplicitNet.Training.Distribution;
using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>
/// Where a command writes. On a terminal in colour and with a live bar; elsewhere in plain lines, without a control character.
/// </summary>
internal sealed class Terminal
{
    private readonly IAnsiConsole? _console;
    private StandardStream? _stream;
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
        // Also for what the library writes by itself.
        StandardStream? stream = OperatingSystem.IsWindows() ? null : StandardStream.Open(StandardStream.Output);
        if (stream is not null)
        {
            Console.SetOut(Writer(stream));
            Console.SetError(Writer(StandardStream.Open(StandardStream.Error)));
        }

        // Of several ranks the first one speaks, in plain lines: what it writes is a log, also where the launcher shows it a terminal.
        Launcher launcher = Launcher.OfProcess;
        bool isTerminal = !launcher.OwnsTerminal && !Console.IsOutputRedirected
            && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or "");
        Terminal terminal = isTerminal
            ? Live(AnsiConsole.Console, Console.Error)
            : Plain(launcher.Rank > 0 ? TextWriter.Null : Console.Out, Console.Error);
        terminal._stream = stream;
        return terminal;
    }

    /// <summary>How standard output failed, in words; null while all that was written went out.</summary>
    public string? Loss => _stream?.Loss;

    /// <summary>Has something done as soon as standard output fails.</summary>
    public void OnLoss(Action action)
    {
        if (_stream is not null)
        {
            _stream.Lost = action;
        }
    }

    /// <summary>Columns of the terminal; null where there is none, and lines are as long as they are.</summary>
    public int? Width => _console?.Profile.Width;

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
    /// <param name="markup">Text with Spectre's markup.</param>
    /// <param name="hanging">Blanks before what goes on where the terminal is too narrow; null: two more than the line begins with.</param>
    public void Say(string markup = "", int? hanging = null)
    {
        markup = VisibleText.Of(markup);
        if (Width is not { } width)
        {
            Output.WriteLine(Markup.Remove(markup).TrimEnd());
            return;
        }

        int length = Markup.Remove(markup).Length;
        if (length > width)
        {
            int indent = hanging ?? markup.Length - markup.TrimStart(' ').Length + 2;
            (markup, length) = WrappedMarkup.Of(markup, width, Math.Min(indent, width / 3), _hasBar);
        }

        // Spectre writes over the bar, and would leave what is to the right of a shorter line.
        _console!.MarkupLine(markup + new string(' ', _hasBar ? Math.Max(0, width - 1 - length) : 0));
    }

    /// <summary>A line as it is, such as JSON: never wrapped.</summary>
    public void Raw(string line) => Output.WriteLine(VisibleText.Of(line));

    /// <summary>Text as it is, without the end of a line; on a terminal what it would obey is written out, but lines and tabs.</summary>
    public void Write(string text) => Output.Write(_console is null ? text : VisibleText.OfLines(text));

    /// <summary>Leaves the terminal as it was found, in a hurry: the bar hides the cursor.</summary>
    public void Leave()
    {
        if (_hasBar)
        {
            Output.WriteLine("\e[?25h");
            Output.Flush();
        }
    }

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

    private static StreamWriter Writer(StandardStream stream) =>
        new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
}
