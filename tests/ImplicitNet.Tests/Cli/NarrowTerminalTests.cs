using System.Text.RegularExpressions;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Screens;
using Spectre.Console;

namespace ImplicitNet.Tests.Cli;

/// <summary>On a narrow terminal everything is said that is said elsewhere, within its columns, and tables stay tables.</summary>
public sealed partial class NarrowTerminalTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    [Theory]
    [InlineData("evaluate --applications 1,2,10 --model MODEL --output OUTPUT")]
    [InlineData("info --model MODEL")]
    [InlineData("solve --problem list")]
    [InlineData("solve --problem cosine --output OUTPUT")]
    [InlineData("solve --problem all --solvers picard,anderson,broyden --max-steps 2")]
    [InlineData("audit --model MODEL --count 4 --conditions 0 --output OUTPUT")]
    public void Nothing_is_lost_or_wider(string line)
    {
        using TemporaryFolder folder = new();
        string[] arguments = [.. line.Split(' ').Select(word => word switch { "MODEL" => model.Path, "OUTPUT" => folder["out"], _ => word })];
        string[] plain = Words(CliRun.Of(arguments).Succeeded().Output);
        foreach (int width in (int[])[40, 60, 80, 120])
        {
            string[] lines = Shown(width, arguments).TrimEnd('\n').Split('\n');
            Assert.All(lines, one => Assert.True(one.TrimEnd().Length <= width, $"{width}: {one}"));

            // A path or a checksum that is wider than the terminal is broken wherever it must be.
            Assert.Empty(plain.Where(word => word.Length <= width - 10).Except(Words(string.Join('\n', lines))));
        }
    }

    [Theory]
    [InlineData(40, "  epoch   val acc     time", "  no room for loss, accuracy, val loss,")]
    [InlineData(60, "  epoch  accuracy   val loss   val acc     time", "  no room for loss, steps, gamma")]
    [InlineData(80, "  epoch      loss  accuracy   val loss   val acc   steps   gamma     time", null)]
    public void The_table_of_epochs_has_the_columns_there_is_room_for(int width, string head, string? missing)
    {
        using TemporaryFolder folder = new();
        string[] lines = Shown(width, TinyModel.Arguments("--output", folder["run"])).Split('\n');
        int at = Array.FindIndex(lines, line => line.TrimEnd() == head);
        Assert.True(at > 0, string.Join('\n', lines));
        Assert.Equal(missing is not null, lines[at + 1].TrimEnd() == missing);
        Assert.All(lines, line => Assert.InRange(line.TrimEnd().Length, 0, Math.Max(width, Path.Combine(folder["run"], "model.safetensors").Length)));
        string[] epochs = [.. lines[at..].Where(line => Epoch().IsMatch(line))];
        Assert.Equal(2, epochs.Length);
        Assert.All(epochs, line => Assert.Equal(head.Length, line.IndexOf(" s", StringComparison.Ordinal) + 2));
    }

    [Theory]
    [InlineData("[bold]one two[/] three [grey]four[/]", 8, 2, "one two\n  three\n  four")]
    [InlineData("  label   value that goes on", 18, 10, "  label   value\n          that\n          goes on")]
    [InlineData("[[a]] [red]b c d[/]", 5, 1, "[[a]] b\n c d")]
    [InlineData("short", 5, 2, "short")]
    [InlineData("averylongword", 5, 2, "averylongword")]
    [InlineData("averylongword and", 5, 2, "averylongword\n  and")]
    public void A_line_is_broken_between_words_and_goes_on_indented(string markup, int width, int hanging, string expected)
    {
        (string text, int last) = WrappedMarkup.Of(markup, width, hanging, isPadded: false);
        string plain = Markup.Remove(text);
        Assert.Equal(Markup.Remove(expected), plain);
        Assert.Equal(plain.Split('\n')[^1].Length, last);
    }

    [Fact]
    public void What_is_written_over_a_bar_covers_it()
    {
        (string text, int last) = WrappedMarkup.Of("one two three", 9, 2, isPadded: true);
        Assert.Equal(("one two \n  three", 7), (text, last));
    }

    private static string Shown(int width, string[] arguments)
    {
        StringWriter live = new() { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(live),
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = width;
        Assert.Equal(0, CommandLine.Run(arguments, Terminal.Live(console, live)));

        // A bar is taken away again; what is left is what one sees.
        string text = Style().Replace(live.ToString(), "");
        return string.Concat(Movement().Split(text).Select(part => BarLine().Replace(part, "")));
    }

    [GeneratedRegex(@"\e\[[\d;]*m")]
    private static partial Regex Style();

    [GeneratedRegex(@"[^\n]*━[^\n]*")]
    private static partial Regex BarLine();

    [GeneratedRegex(@"\e\[[\d;?]*[A-Za-z]|\r")]
    private static partial Regex Movement();

    // But for what is measured anew.
    private static string[] Words(string text) => [.. Measured().Replace(text, "").Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)];

    [GeneratedRegex(@"[\d.]+ m?s\b|\d+ to \d+ runs|\d+ runs?|[\d,]+ images/s")]
    private static partial Regex Measured();

    [GeneratedRegex(@"^ {3,}[12]  .*% .* s")]
    private static partial Regex Epoch();
}
