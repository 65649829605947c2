namespace ImplicitNet.Tests.Cli;

public sealed class HelpTests
{
    [Theory]
    [InlineData("")]
    [InlineData("train")]
    [InlineData("compare")]
    [InlineData("memory")]
    [InlineData("reproduce")]
    [InlineData("evaluate")]
    [InlineData("audit")]
    [InlineData("predict")]
    [InlineData("generate")]
    [InlineData("restore")]
    [InlineData("solve")]
    [InlineData("info")]
    [InlineData("import")]
    [InlineData("export")]
    public void Help_shows_usage_examples_and_exit_codes(string command)
    {
        CliRun run = CliRun.Of([.. command.Length > 0 ? new[] { command } : [], "--help"]).Succeeded();
        Assert.Contains($"implicitnet {command}".TrimEnd(), run.Output, StringComparison.Ordinal);
        Assert.Contains("Examples:\n  implicitnet ", run.Output, StringComparison.Ordinal);
        Assert.Contains("Exit codes:\n  0    success\n", run.Output, StringComparison.Ordinal);
        Assert.All(run.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
    }

    [Theory]
    [InlineData("train", true)]
    [InlineData("compare", true)]
    [InlineData("reproduce", true)]
    [InlineData("", false)]
    [InlineData("memory", false)]
    [InlineData("solve", false)]
    [InlineData("predict", false)]
    [InlineData("restore", false)]
    [InlineData("generate", false)]
    [InlineData("evaluate", false)]
    public void A_checkpoint_is_promised_where_there_is_one(string command, bool isPromised)
    {
        CliRun run = CliRun.Of([.. command.Length > 0 ? new[] { command } : [], "--help"]).Succeeded();
        Assert.EndsWith(isPromised ? "\n  130  interrupted; the training has written a checkpoint\n" : "\n  130  interrupted\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_command_the_help_is_shown() =>
        Assert.Equal(CliRun.Of("--help").Succeeded().Output, CliRun.Of().Succeeded().Output);

    [Fact]
    public void Options_stand_under_what_they_are_about_each_once()
    {
        string[] help = CliRun.Of("train", "--help").Succeeded().Output.Split('\n');
        Assert.Equal(
            ["Usage:", "Data:", "Network:", "Solver:", "Gradient:", "Training:", "Checks:", "Run:", "Output:", "Examples:", "Exit codes:"],
            help.Where(line => line.EndsWith(':') && line[0] != ' '));
        string[] options = [.. help.Where(line => line.StartsWith("  -", StringComparison.Ordinal))];
        Assert.Equal(71, options.Distinct().Count());
        Assert.InRange(Array.FindIndex(help, line => line.Contains("--damping", StringComparison.Ordinal)),
            Array.IndexOf(help, "Solver:"), Array.IndexOf(help, "Gradient:"));
    }

    [Fact]
    public void What_must_be_given_stands_in_the_usage()
    {
        Assert.Contains("Usage:\n  implicitnet predict <image>... --model <folder> [options]\n", CliRun.Of("predict", "--help").Output, StringComparison.Ordinal);
        Assert.Contains("Required.", CliRun.Of("evaluate", "-h").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_setting_is_an_option_of_train()
    {
        string help = CliRun.Of("train", "--help").Succeeded().Output;
        using TemporaryFolder folder = new();
        ImplicitNet.Cli.Settings.RunSettings settings = ImplicitNet.Cli.Kinds.RunKinds.DefaultsFor("digits") with
        {
            Images = 1,
            DataDir = "x",
            ClipNorm = 1,
            Average = 0.5,
            Memory = 3,
            JacobianPenalty = 1,
            CertificateEvery = 5,
            LatentLayers = 2,
            Samples = 1,
            Validate = "mazes:11",
            Evaluate = "mazes:11",
            Channels = 3,
            Untied = 2,
            TrainSteps = 5,
            TrainTolerance = 0.1,
        };
        ImplicitNet.Cli.Settings.RunSettingsFile.Write(folder.Path, settings);
        using System.Text.Json.JsonDocument json = System.Text.Json.JsonDocument.Parse(File.ReadAllText(folder["run.json"]));
        string[] names = [.. json.RootElement.EnumerateObject().Select(member => member.Name).Where(name => name != "format")];
        Assert.Equal(51, names.Length);
        Assert.All(names, name => Assert.Matches($"--{name}[ ,]", help));
    }
}
