namespace ImplicitNet.Tests.Cli;

/// <summary>Help is as wide as it is read.</summary>
public sealed class HelpWidthTests
{
    public static MatrixTheoryData<string, int> Cases => new(
        ["", "train", "compare", "memory", "reproduce", "evaluate", "audit", "predict", "restore", "solve", "info", "import", "export"], [1, 40, 57, 80, 120, 200, 1000]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_keeps_to_the_columns_and_uses_them(string command, int columns)
    {
        string[] lines = Help(command, columns.ToString(System.Globalization.CultureInfo.InvariantCulture));
        int width = Math.Clamp(columns, 40, 200);
        Assert.All(lines, line => Assert.True(line.Length <= width || !line.Trim().TrimEnd('\\', ' ').Contains(' ', StringComparison.Ordinal), line));
        Assert.Contains(lines, line => line.Length > Math.Min(width, command.Length > 0 && command != "info" && command != "export" ? width : 80) * 0.6);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("wide")]
    public void Without_a_terminal_and_a_usable_wish_it_is_80(string? columns) =>
        Assert.InRange(Help("train", columns).Max(line => line.TrimEnd().Length), 70, 80);

    [Fact]
    public void An_example_in_several_lines_is_one_command_of_a_shell()
    {
        string text = string.Join('\n', Help("compare", "40"));
        string[] wide = [.. Help("compare", "200").Where(line => line.StartsWith("  implicitnet compare -", StringComparison.Ordinal))];
        string joined = System.Text.RegularExpressions.Regex.Replace(text, @" \\\n +", " ");
        Assert.Equal(5, wide.Length);
        Assert.All(wide, line => Assert.Contains(line, joined, StringComparison.Ordinal));
    }

    private static string[] Help(string command, string? columns)
    {
        string? before = Environment.GetEnvironmentVariable("COLUMNS");
        try
        {
            Environment.SetEnvironmentVariable("COLUMNS", columns);
            return CliRun.Of([.. command.Length > 0 ? new[] { command } : [], "--help"]).Succeeded().Output.Split('\n');
        }
        finally
        {
            Environment.SetEnvironmentVariable("COLUMNS", before);
        }
    }
}
