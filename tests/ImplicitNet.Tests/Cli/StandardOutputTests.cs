namespace ImplicitNet.Tests.Cli;

/// <summary>Output that nobody can read is told of, never taken for success; a training is saved first.</summary>
public sealed class StandardOutputTests
{
    private const string Full = "exec \"$@\" > /dev/full";
    private const string Closed = "exec \"$@\" >&-";

    // Its reader is gone before the first line; the shell then ends with the code of the command.
    private const string Unread = "{ { \"$@\"; echo $? >&3; } | true; } 3>&1 | { read code; exit \"$code\"; }";

    public static TheoryData<string[]> Commands => new()
    {
        new[] { "--help" },
        new[] { "--version" },
        new[] { "train", "--help" },
        new[] { "info" },
        new[] { "info", "--json" },
        new[] { "solve", "--problem", "cosine", "--quiet", "--json" },
    };

    public static MatrixTheoryData<string, string[]> Cases => new([Full, Closed, Unread], Commands.Select(row => row.Data));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Output_that_cannot_be_written_is_a_failure_in_one_line(string script, string[] arguments)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "redirects as a Unix shell does");
        using TemporaryFolder folder = new();
        using CliProcess process = CliProcess.StartInShell(In(folder, script), new Dictionary<string, string>(), arguments);
        string expected = script switch
        {
            Full => "error: standard output cannot be written to: No space left on device.\n",
            Closed => "error: standard output is closed.\n",
            _ => "error: standard output was closed by its reader before all was written.\n",
        };
        Assert.Equal(new CliRun(1, "", expected), process.Wait());
    }

    [Fact]
    public void A_training_that_can_tell_nobody_is_saved_and_stopped()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "redirects as a Unix shell does");
        using TemporaryFolder folder = new();
        string[] arguments = ["train", "--data", "digits", "--output", folder["run"], "--images", "200", "--test-images", "20", "--validation", "40", "--batch", "20", "--epochs", "2"];

        // At the first line there is nothing yet that could be saved.
        using (CliProcess early = CliProcess.StartInShell(Full, new Dictionary<string, string>(), arguments))
        {
            early.Wait().Failed(1, "standard output cannot be written to");
            Assert.Empty(folder.Names);
        }

        // Who reads goes away after the heading of the table of epochs.
        const string listener = "mkfifo \"$PIPE\"; head -n 9 < \"$PIPE\" > /dev/null & exec \"$@\" > \"$PIPE\"";
        using CliProcess process = CliProcess.StartInShell(listener, new Dictionary<string, string> { ["PIPE"] = folder["pipe"] }, arguments);
        process.Wait().Failed(1, "standard output was closed by its reader", "its checkpoint written; train --resume goes on");
        Assert.True(File.Exists(Path.Combine(folder["run"], "checkpoint.safetensors")));
        Assert.False(File.Exists(Path.Combine(folder["run"], "result.json")));
        using CliProcess resumed = CliProcess.Start("train", "--resume", "--output", folder["run"], "--quiet");
        resumed.Wait().Succeeded();
    }

    [Theory]
    [InlineData("exec \"$@\" 2>&-")]
    [InlineData("exec \"$@\" 2> /dev/full")]
    [InlineData("exec \"$@\" >&- 2>&-")]
    [InlineData("exec \"$@\" < /dev/null >&- 2>&- <&-")]
    public void Where_the_error_cannot_be_told_the_exit_code_tells_it(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "redirects as a Unix shell does");
        using TemporaryFolder folder = new();
        using CliProcess process = CliProcess.StartInShell(script, new Dictionary<string, string>(), "evaluate", "--model", folder["nothing"]);
        Assert.Equal(new CliRun(1, "", ""), process.Wait());
    }

    [Fact]
    public void A_closed_standard_error_is_no_failure_where_there_is_nothing_to_say()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "redirects as a Unix shell does");
        using CliProcess process = CliProcess.StartInShell("exec \"$@\" 2>&-", new Dictionary<string, string>(), "info", "--json");
        CliRun run = process.Wait().Succeeded();
        Assert.StartsWith("{", run.LastLine, StringComparison.Ordinal);
    }

    /// <summary>A file that is opened next gets the number of a closed stream: what is written there must not end in a checkpoint.</summary>
    [Fact]
    public void Closed_streams_do_not_end_in_files()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "redirects as a Unix shell does");
        using TemporaryFolder folder = new();
        string[] arguments = ["train", "--data", "digits", "--output", folder["run"], "--images", "100", "--test-images", "20", "--validation", "20", "--batch", "20", "--epochs", "1", "--quiet"];
        using CliProcess process = CliProcess.StartInShell("exec \"$@\" >&- 2>&-", new Dictionary<string, string>(), arguments);
        Assert.Equal(1, process.Wait().Code);
        using CliProcess again = CliProcess.Start("evaluate", "--model", folder["run"], "--quiet");
        again.Wait().Succeeded();
    }

    /// <summary>Charts of a command go into a folder that is gone afterwards.</summary>
    private static string In(TemporaryFolder folder, string script) => $"cd '{folder.Path}' || exit 9; {script}";
}
