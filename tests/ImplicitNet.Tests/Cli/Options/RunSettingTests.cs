using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;

namespace ImplicitNet.Tests.Cli.Options;

/// <summary>A setting is declared once: the flag, the member of run.json, its range and the line of the report come of that.</summary>
public sealed partial class RunSettingTests
{
    public static TheoryData<string> Names => [.. RunSetting.All.Select(setting => setting.Name)];

    [Fact]
    public void Every_property_but_the_format_is_a_setting() => Assert.Equal(
        ["Format"], typeof(RunSettings).GetProperties().Select(property => property.Name).Except(RunSetting.All.Select(setting => setting.Property)));

    [Theory]
    [MemberData(nameof(Names))]
    public void What_a_flag_says_is_in_the_settings_the_file_and_the_report(string name)
    {
        RunSetting setting = RunSetting.All.Single(one => one.Name == name);
        string? value = Other(setting);
        bool isOfGrids = setting.Flag.Only?.StartsWith(GridKind.Grids, StringComparison.Ordinal) == true || name == "random-steps";
        string[] data = name == "data" ? [] : ["--data", isOfGrids ? "mazes:9" : setting.Flag.Only == FlowKind.Flows ? "annuli" : setting.Flag.Only == TextKind.Texts ? "text:book.txt" : "digits"];
        data = setting.Flag.Only switch
        {
            MonotoneImages.Networks => [.. data, "--network", NetworkChoice.Monotone],
            RobustImages.Networks => [.. data, "--network", NetworkChoice.Robust],
            WellPosedImages.LowRankNetworks => [.. data, "--network", NetworkChoice.WellPosedLowRank],
            TaskChoice.Tomography => [.. data, "--task", TaskChoice.Tomography],
            TaskChoice.Deblurring or RestorationKind.Restorations => [.. data, "--task", TaskChoice.Deblurring],
            _ => data,
        };
        RunSettings given = Begin([.. data, .. value is null ? [$"--{name}"] : (string[])[$"--{name}", value]]);
        object expected = setting.Of(given)!;
        Assert.NotEqual(setting.Of(Begin(data)), expected);
        Assert.Equal(name is "data-dir" or "from" ? Path.GetFullPath(value!) : value ?? "True", Convert.ToString(expected, CultureInfo.InvariantCulture));

        using TemporaryFolder folder = new();
        RunSettingsFile.Write(folder.Path, given with { Threads = Math.Max(1, given.Threads) });
        Assert.Equal(expected, setting.Of(RunSettingsFile.Read(folder.Path)));
        string told = JsonNode.Parse(File.ReadAllText(folder["run.json"]))!.AsObject()[name]!.ToString();
        Assert.Equal(name == "data-dir" ? null : name == "from" ? value : told, RunSettingsFile.Describe(given).FirstOrDefault(pair => pair.Key == name).Value);
    }

    [Theory]
    [InlineData("images", "9")]
    [InlineData("validation", "0")]
    [InlineData("threads", "1025")]
    [InlineData("epochs", "0")]
    [InlineData("learning-rate", "0")]
    [InlineData("warmup", "-1")]
    [InlineData("weight-decay", "-0.5")]
    [InlineData("average", "1")]
    [InlineData("shift", "17")]
    [InlineData("gamma", "1")]
    [InlineData("tolerance", "0")]
    [InlineData("absolute-tolerance", "-1")]
    [InlineData("damping", "1.5")]
    [InlineData("memory", "51")]
    [InlineData("data", "imagenet")]
    [InlineData("network", "resnet")]
    [InlineData("schedule", "linear")]
    [InlineData("device", "tpu")]
    [InlineData("solver", "bisection")]
    public void A_value_out_of_range_is_refused_in_the_same_words_by_flag_and_by_file(string name, string value)
    {
        string line = CliRun.Of("train", $"--{name}", value).Failed(2, $"--{name} must be ").Error;
        string words = MustBe().Match(line).Groups[1].Value;

        using TemporaryFolder folder = new();
        RunSettingsFile.Write(folder.Path, RunKinds.DefaultsFor(DataChoice.Digits) with { Threads = 1 });
        JsonObject file = JsonNode.Parse(File.ReadAllText(folder["run.json"]))!.AsObject();
        file[name] = double.TryParse(value, CultureInfo.InvariantCulture, out _) ? JsonNode.Parse(value) : value;
        File.WriteAllText(folder["run.json"], file.ToJsonString());
        string message = Assert.Throws<CommandException>(() => RunSettingsFile.Read(folder.Path)).Message;
        Assert.Contains($"{name} must be {words}; given {value}.", message, StringComparison.Ordinal);
    }

    /// <summary>What the help calls a default of a number, the settings of some data set have.</summary>
    [Fact]
    public void The_help_names_the_defaults_that_there_are()
    {
        RunSettings[] defaults = [.. DataChoice.Images.Concat(["mazes:9", "sums:32", "ellipses", "text:book.txt"]).SelectMany(data => new[] { RunKinds.DefaultsFor(data), RunKinds.DefaultsFor(data, isPublished: true) }), RunKinds.DefaultsFor("cifar10", task: "deblurring")];
        int numbers = 0;
        foreach (RunSetting setting in RunSetting.All.Where(setting => setting.Flag is NumberAttribute && Default().IsMatch(setting.Flag.Help)))
        {
            string words = Default().Match(setting.Flag.Help).Groups[1].Value;
            double[] named = [.. Number().Matches(words).Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture))];
            foreach (double actual in defaults.Select(setting.Of).OfType<object>().Select(value => Convert.ToDouble(value, CultureInfo.InvariantCulture)))
            {
                Assert.True(setting.Name is "threads" or "max-steps" or "train-steps" || named.Contains(actual), $"--{setting.Name}: {actual}, and the help says {words}");
                numbers++;
            }
        }

        Assert.True(numbers > 100, $"{numbers}");
    }

    [Fact]
    public void A_published_network_and_another_data_set_have_their_own_defaults_and_what_is_given_counts()
    {
        Assert.Equal((0.01, "svhn-fpn", 50), (Begin("--published", "--data", "svhn") is { } settings ? (settings.Tolerance, settings.Network, settings.Batch) : default));
        Assert.Equal(0.2, Begin("--data", "digits", "--published", "--tolerance", "0.2").Tolerance);
        Assert.Equal(0.25, Begin("--mixing", "0.25").Damping);
    }

    [Fact]
    public void A_comparison_takes_all_but_what_its_runs_differ_in()
    {
        string help = CliRun.Of("compare", "--help").Succeeded().Output;
        Assert.All(RunSetting.All.Where(setting => !setting.Flag.IsHidden), setting =>
            Assert.Equal(setting.Name is not ("seed" or "gradient" or "explicit" or "untied"), Regex.IsMatch(help, $"--{setting.Name}[ ,\n]")));
    }

    /// <summary>A value that is not the default.</summary>
    private static string? Other(RunSetting setting) => setting.Flag switch
    {
        SwitchAttribute => null,
        FolderAttribute => "somewhere",
        GradientAttribute => "neumann:2",
        DataAttribute { IsList: true } => "mazes:11,mazes:33",
        DataAttribute => "mnist",
        ChoiceAttribute => setting.Name switch { "network" => "svhn-fpn", "schedule" => "constant", "device" => "cuda", "method" => "bosh3", "task" => "deblurring", "denoiser" => "free", "batch-norm" => "local", _ => SolverChoice.General[^1] },
        NumberAttribute { Below: 1 } or NumberAttribute { Most: 1 } => "0.125",
        _ => setting.Name == "heads" ? "8" : "13",
    };

    private static RunSettings Begin(params string[] arguments)
    {
        TrainOptions options = new();
        Command command = new("train");
        options.AddTo(command);
        ParseResult parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return options.Begin(parsed);
    }

    [GeneratedRegex("must be (.*); given ")]
    private static partial Regex MustBe();

    [GeneratedRegex(@"\(default: ([^)]*)\)")]
    private static partial Regex Default();

    [GeneratedRegex(@"\d+(\.\d+)?")]
    private static partial Regex Number();
}
