using ImplicitNet.Cli.Screens;
using Spectre.Console;

namespace ImplicitNet.Tests.Cli;

/// <summary>What a terminal would obey is shown instead, wherever it comes from.</summary>
public sealed class VisibleTextTests
{
    // ESC, BEL, CSI of C1, DEL, the direction of writing, a line of its own, the mark of byte order, a tag, a soft hyphen.
    private const string Hostile = "a\e]0;title\a\u009b31m\u007f\u202E\u2066\u200F\u2028\u2029\uFEFF\U000E0041\u00AD\r\n\tb";
    private const string Shown = @"a\u001B]0;title\u0007\u009B31m\u007F\u202E\u2066\u200F\u2028\u2029\uFEFF\U000E0041\u00AD\r\n\tb";

    [Fact]
    public void What_a_terminal_obeys_is_written_out() => Assert.Equal(Shown, VisibleText.Of(Hostile));

    [Theory]
    [InlineData("runs/erste Läufe/日本語/العربية/👩‍🔬.png")]
    [InlineData("می‌خواهم [bold] \\u001B")]
    [InlineData("")]
    public void Other_text_stays_as_it_is(string text) => Assert.Equal(text, VisibleText.Of(text));

    [Fact]
    public void Every_character_that_is_obeyed_is_found()
    {
        string[] kept = [.. Enumerable.Range(0, 0x110000).Where(value => value is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32).Where(text => VisibleText.Of(text) == text)];
        Assert.DoesNotContain(kept, text => text.Length == 1 && char.IsControl(text[0]));
        Assert.All("\u061C\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069", letter => Assert.DoesNotContain(letter.ToString(), kept));
        Assert.True(kept.Length > 1_000_000);
    }

    [Fact]
    public void Every_way_out_of_a_terminal_shows_it()
    {
        StringWriter plain = new() { NewLine = "\n" }, live = new() { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(live), Ansi = AnsiSupport.No, Interactive = InteractionSupport.No });
        console.Profile.Width = 500;
        foreach (Terminal terminal in (Terminal[])[Terminal.Plain(plain, plain), Terminal.Live(console, live)])
        {
            terminal.Say(Markup.Escape(Hostile));
            terminal.Tell(Markup.Escape(Hostile));
            terminal.Raw(Hostile);
            ResultScreen.Row(terminal, Hostile, Hostile, Hostile);
            ImplicitNet.Cli.FailureMessage.Report(new InvalidDataException(Hostile.ReplaceLineEndings("")), plain);
        }

        string written = plain.ToString() + live;
        Assert.DoesNotContain(written, letter => letter != '\n' && VisibleText.Of(letter.ToString()) != letter.ToString());
        Assert.Equal(14, written.Split("]0;title").Length - 1);
    }

    /// <summary>On a terminal; elsewhere, such as in a file, it is what the model wrote.</summary>
    [Fact]
    public void What_a_text_model_writes_keeps_its_lines_and_is_obeyed_by_no_terminal()
    {
        StringWriter plain = new(), live = new();
        Terminal.Plain(plain, plain).Write("a\u001b[2J\r\nb\tc");
        Terminal.Live(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(live), Ansi = AnsiSupport.No }), live).Write("a\u001b[2J\r\nb\tc");
        Assert.Equal(("a\u001b[2J\r\nb\tc", "a\\u001B[2J\r\nb\tc"), (plain.ToString(), live.ToString()));
    }

    [Theory]
    [InlineData("generate", "--model", "*", "--prompt", "x")]
    [InlineData("info", "--model", "*")]
    [InlineData("evaluate", "--model", "*")]
    [InlineData("audit", "--model", "*")]
    [InlineData("predict", "--model", "*", "x.png")]
    [InlineData("export", "--model", "*", "--pytorch", "x.pth")]
    [InlineData("import", "*", "--network", "mnist-fpn", "--gamma", "0.9", "--output", "x")]
    [InlineData("solve", "--model", "*")]
    [InlineData("solve", "--problem", "*")]
    [InlineData("train", "--resume", "--output", "*")]
    [InlineData("train", "--data", "*")]
    [InlineData("train", "--data", "mnist", "--data-dir", "*", "--output", "x")]
    [InlineData("train", "*")]
    [InlineData("*")]
    [InlineData("compare", "--gradients", "*")]
    [InlineData("memory", "--gradients", "*")]
    [InlineData("reproduce", "*")]
    public void Every_command_shows_what_is_hostile_in_its_arguments(params string[] arguments)
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of([.. arguments.Select(argument => argument == "*" ? Path.Combine(folder["none"], Hostile) : argument)]);
        Assert.Contains(run.Code, new[] { 1, 2 });
        Assert.Equal(1, run.Error.Count(letter => letter == '\n'));
        Assert.DoesNotContain(run.Error + run.Output, letter => letter != '\n' && VisibleText.Of(letter.ToString()) != letter.ToString());
        Assert.False(Path.Exists("x"));
    }
}
