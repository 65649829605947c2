using System.Text.Json;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training.History;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Cli;

/// <summary>The commands on tasks of any size: what they do with a network that takes no images.</summary>
public sealed class GridCommandTests(GridCommandTests.Sums sums) : TensorTest, IClassFixture<GridCommandTests.Sums>
{
    [Fact]
    public void Every_size_is_in_the_history_the_screen_the_report_and_the_result()
    {
        CliRun run = sums.Training.Succeeded();
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        JsonElement[] tests = [.. json.RootElement.GetProperty("tests").EnumerateArray()];
        Assert.Equal([("sums:8", 500), ("sums:200", 800)], tests.Select(test => (test.GetProperty("data").GetString()!, test.GetProperty("maxSteps").GetInt32())));
        Assert.All(tests, test => Assert.Equal(20, test.GetProperty("statuses").EnumerateObject().Sum(status => status.Value.GetInt32())));
        Assert.Equal(json.RootElement.GetProperty("testAccuracy").GetDouble(), tests[0].GetProperty("accuracy").GetDouble());
        Assert.InRange(json.RootElement.GetProperty("scores").GetProperty("cells").GetDouble(), 0.3, 1);

        IReadOnlyDictionary<string, double> scores = RunHistory.ReadEpochs(Path.Combine(sums.Path, "history.jsonl"))[^1].Scores;
        Assert.Contains("sums of 12 bits accuracy", scores.Keys);
        Assert.Contains("sums of 12 bits cells", scores.Keys);
        Assert.Contains("   sums:12", run.Output, StringComparison.Ordinal);
        Assert.Contains("  sums:200  ", run.Output, StringComparison.Ordinal);
        string page = File.ReadAllText(Path.Combine(sums.Path, "report.html"));
        Assert.All(["sums of 12 bits accuracy", ">sums:200<", "test strings"], text => Assert.Contains(text, page, StringComparison.Ordinal));
        Assert.DoesNotContain("gamma", File.ReadAllText(Path.Combine(sums.Path, "config.json")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sums:8", 500)]
    [InlineData("sums:08", 500)]
    [InlineData("sums:200", 800)]
    public void The_step_limit_grows_with_the_size_unless_it_is_given(string data, int limit)
    {
        using JsonDocument json = JsonDocument.Parse(Evaluate("--data", data).Succeeded().LastLine);
        Assert.Equal((data.Replace(":0", ":", StringComparison.Ordinal), limit, 30), (json.RootElement.GetProperty("data").GetString(), json.RootElement.GetProperty("maxSteps").GetInt32(), json.RootElement.GetProperty("samples").GetInt32()));
        using JsonDocument given = JsonDocument.Parse(Evaluate("--data", data, "--max-steps", "2").Succeeded().LastLine);
        Assert.Equal((2, 30), (given.RootElement.GetProperty("maxSteps").GetInt32(), given.RootElement.GetProperty("statuses").GetProperty("MaxStepsReached").GetInt32()));
    }

    [Fact]
    public void A_step_limit_that_a_run_was_given_holds_for_every_size_and_for_its_model()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(
            "train", "--data", "sums:8", "--channels", "4", "--samples", "16", "--batch", "16", "--epochs", "1", "--validation", "10", "--test-samples", "10",
            "--max-steps", "30", "--validate", "sums:12", "--evaluate", "sums:200", "--threads", "1", "--output", folder["run"], "--json");
        using JsonDocument json = JsonDocument.Parse(run.Succeeded().LastLine);
        Assert.Equal([30, 30], json.RootElement.GetProperty("tests").EnumerateArray().Select(test => test.GetProperty("maxSteps").GetInt32()));
        foreach (string data in (string[])["sums:8", "sums:200"])
        {
            CliRun evaluated = CliRun.Of("evaluate", "--model", folder["run"], "--data", data, "--count", "10", "--threads", "1", "--json").Succeeded();
            using JsonDocument result = JsonDocument.Parse(evaluated.LastLine);
            Assert.Equal(30, result.RootElement.GetProperty("maxSteps").GetInt32());
            Assert.Contains(" of 30 at most", evaluated.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_run_is_gone_on_with_and_a_complete_one_says_what_it_said()
    {
        CliRun again = CliRun.Of("train", "--resume", "--output", sums.Path, "--json").Succeeded();
        Assert.Equal(sums.Training.LastLine, again.LastLine);
        CliRun.Of("train", "--resume", "--output", sums.Path, "--data", "sums:08").Succeeded();
        CliRun.Of("train", "--resume", "--output", sums.Path, "--data", "sums:9").Failed(2, "--data sums:9", "started with sums:8");
        CliRun.Of("train", "--resume", "--output", sums.Path, "--shift", "2").Failed(2, "--shift 2 is for images alone");
    }

    [Fact]
    public void A_model_is_audited_and_its_solvers_are_compared()
    {
        using TemporaryFolder folder = new();
        using JsonDocument audit = JsonDocument.Parse(CliRun.Of("audit", "--model", sums.Path, "--count", "4", "--conditions", "0", "--tolerance", "1e-3", "--threads", "1", "--output", folder["audit"], "--json").Succeeded().LastLine);
        Assert.Equal(("sums:8", 4), (audit.RootElement.GetProperty("data").GetString(), audit.RootElement.GetProperty("samples").GetInt32()));
        Assert.Equal(5, audit.RootElement.GetProperty("gradients").GetArrayLength());
        CliRun.Of("solve", "--model", sums.Path, "--count", "4", "--solvers", "picard,anderson", "--tolerance", "1e-3", "--threads", "1", "--output", folder["solve"]).Succeeded();
        Assert.Contains("grid-solver", CliRun.Of("info", "--model", sums.Path).Succeeded().Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--data sums:8 --augment", "--augment is for images alone; the data are sums:8.")]
    [InlineData("--data sums:8 --warm-start", "--warm-start is for images alone")]
    [InlineData("--data sums:8 --gamma 0.9", "--gamma 0.9 is for images alone")]
    [InlineData("--published", "--published is for images and texts alone; the data are mazes:9.")]
    [InlineData("--data digits --samples 5", "--samples 5 is for mazes and sums and flows alone; the data are digits.")]
    [InlineData("--data digits --evaluate mazes:9", "--evaluate mazes:9 is for mazes and sums alone")]
    [InlineData("--data mazes:10", "--data mazes:10: N must be the number of pixels a side, odd and from 5 to 1001.")]
    [InlineData("--data mazes", "--data mazes: N must be")]
    [InlineData("--data sums:1", "--data sums:1: N must be the number of bits")]
    [InlineData("--data maze:9", "--data must be digits, mnist, fashion-mnist, cifar10, svhn, ellipses, mazes:N, sums:N, annuli, swap, csv:FILE or text:FILE; given maze:9.")]
    [InlineData("--data mazes:9 --validate mazes:10", "--validate mazes:10: N must be the number of pixels a side")]
    [InlineData("--data mazes:9 --evaluate sums:9 --validate sums:9", "--validate sums:9: a network for mazes:9")]
    [InlineData("--data mazes:9 --validate sums:9", "a network for mazes:9 does not take sums:9")]
    [InlineData("--data mazes:9 --validate mazes:11,mazes:11", "mazes:11 is there more than once")]
    [InlineData("--data sums:8 --explicit --untied 2", "--untied 2: that is the explicit twin with more layers")]
    [InlineData("--data sums:8 --untied 2 --gradient neumann", "--gradient neumann:3: an explicit twin has no fixed point")]
    [InlineData("--data digits --random-steps", "--random-steps needs --train-steps")]
    [InlineData("--data sums:8 --untied 2 --pretrain 5", "--pretrain 5: an explicit twin is trained by plain backpropagation from beginning to end.")]
    [InlineData("--data digits --pretrain 5 --explicit", "--pretrain 5: an explicit twin is trained by plain")]
    [InlineData("--data annuli --pretrain 5", "--pretrain 5 is not for flows; the data are annuli. Leave it out, or name others by --data.")]
    [InlineData("--data digits --pretrain -1", "--pretrain must be")]
    public void An_option_of_another_kind_of_data_is_refused_before_anything_is_written(string options, string expected)
    {
        using TemporaryFolder folder = new();
        CliRun.Of(["train", "--output", folder["run"], .. options.Split(' ')]).Failed(2, expected);
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void A_model_refuses_the_data_of_another_kind_and_of_another_task()
    {
        Evaluate("--data", "digits").Failed(1, "the model is for mazes and sums, as sums:8; --data digits is of images");
        Evaluate("--data", "mazes:9").Failed(2, "trained on sums:8 and does not take mazes:9");
        Evaluate("--gamma", "0.5").Failed(2, "--gamma 0.5 is for images alone");
        Evaluate("--applications", "1,2").Failed(2, "--applications is for images alone");
        Evaluate("--data-dir", "x").Failed(2, "--data-dir ", " is for images alone; the data are sums:8");
        Evaluate("--split", "train").Failed(2, "--split train: strings are new in every epoch");
        CliRun.Of("predict", "--model", sums.Path, "x.png").Failed(1, "the model");
    }

    [Fact]
    public void A_run_begins_with_the_weights_of_a_model_and_refuses_those_of_another_network()
    {
        using TemporaryFolder folder = new();
        string[] line =
        [
            "train", "--data", "sums:10", "--samples", "16", "--batch", "16", "--epochs", "1", "--validation", "10", "--test-samples", "10",
            "--threads", "1", "--from", sums.Path,
        ];
        CliRun.Of([.. line, "--channels", "6", "--learning-rate", "1e-9", "--output", folder["run"]]).Succeeded();
        using SafetensorsFile before = SafetensorsFile.Read(Path.Combine(sums.Path, "model.safetensors"));
        using SafetensorsFile after = SafetensorsFile.Read(Path.Combine(folder["run"], "model.safetensors"));
        Assert.Equal(before.Tensors.Keys.Order(), after.Tensors.Keys.Order());
        foreach ((string name, Tensor weight) in before.Tensors)
        {
            // One step of Adam moves a weight by the rate at most.
            using DisposeScope scope = NewDisposeScope();
            Assert.InRange((weight - after.Tensors[name]).abs().max().ToDouble(), 0, 1e-7);
        }

        Assert.Contains("\"from\": ", File.ReadAllText(Path.Combine(folder["run"], "run.json")), StringComparison.Ordinal);
        CliRun.Of([.. line, "--channels", "7", "--output", folder["other"]]).Failed(2, "the model there is another network than this run's: LatentChannels 6 there, 7 here.");
        CliRun.Of([.. line[..^1], folder["nowhere"], "--output", folder["other"]]).Failed(1, "there is no such file");
        Assert.Equal(["run"], folder.Names);

        // As a comparison begins its runs, and as one ends that is killed early.
        Directory.CreateDirectory(folder["early"]);
        string settings = File.ReadAllText(Path.Combine(folder["run"], "run.json"));
        Assert.Contains("\"channels\": 6", settings, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder["early"], "run.json"), settings.Replace("\"channels\": 6", "\"channels\": 7", StringComparison.Ordinal));
        CliRun.Of("train", "--resume", "--output", folder["early"]).Failed(2, "another network than this run's: LatentChannels 6 there, 7 here.");
        CliRun.Of("compare", "--data", "sums:8", "--from", sums.Path, "--gradients", "jfb,untied:2", "--output", folder["twins"])
            .Failed(2, "--gradients untied:2: --from", "an explicit twin has others");
        CliRun.Of("compare", "--data", "sums:8", "--from", sums.Path, "--output", folder["twins"]).Failed(2, "--gradients explicit: --from");
        Assert.Equal(["early", "run"], folder.Names);
    }

    [Fact]
    public void A_comparison_begins_every_run_with_the_weights_of_a_model()
    {
        using TemporaryFolder folder = new();
        CliRun.Of(
            "compare", "--data", "sums:8", "--from", sums.Path, "--gradients", "jfb,through:2", "--channels", "6", "--samples", "16", "--batch", "16",
            "--epochs", "1", "--validation", "10", "--test-samples", "10", "--learning-rate", "1e-9", "--threads", "1", "--output", folder["twins"]).Succeeded();
        using SafetensorsFile before = SafetensorsFile.Read(Path.Combine(sums.Path, "model.safetensors"));
        string[] runs = Directory.GetDirectories(Path.Combine(folder["twins"], "runs"));
        Assert.Contains(runs, run => run.EndsWith("jfb-seed1", StringComparison.Ordinal));
        Assert.Contains(runs, run => run.EndsWith("through-2-seed1", StringComparison.Ordinal));
        foreach (string run in runs)
        {
            using SafetensorsFile after = SafetensorsFile.Read(Path.Combine(run, "model.safetensors"));
            foreach ((string name, Tensor weight) in before.Tensors)
            {
                // A step of Adam moves a weight by the rate at most, and there are few.
                using DisposeScope scope = NewDisposeScope();
                Assert.InRange((weight - after.Tensors[name]).abs().max().ToDouble(), 0, 1e-6);
            }
        }
    }

    [Theory]
    [InlineData(61, true)]
    [InlineData(63, false)]
    public void Mazes_are_drawn_up_to_a_side(int side, bool isDrawn)
    {
        using TemporaryFolder folder = new();
        CliRun.Of(
            "train", "--data", $"mazes:{side}", "--channels", "2", "--samples", "1", "--train-steps", "2", "--epochs", "1", "--validation", "10", "--test-samples", "1",
            "--max-steps", "4", "--threads", "1", "--output", folder["run"]).Succeeded();
        Assert.Equal(isDrawn, File.Exists(Path.Combine(folder["run"], "maze.png")));
    }

    [Fact]
    public void Untied_layers_have_weights_of_their_own_and_the_implicit_network_has_one()
    {
        using ImplicitNetwork tied = new GridSolverOptions { LatentChannels = 4, ExplicitLayers = 3 }.CreateNetwork();
        using ImplicitNetwork untied = new GridSolverOptions { LatentChannels = 4, ExplicitLayers = 3, Explicit = true }.CreateNetwork();
        long one = (2 * 4 * 4 * 9) + (2 * 4);
        Assert.Equal(2 * one, untied.parameters().Sum(parameter => parameter.numel()) - tied.parameters().Sum(parameter => parameter.numel()));
        Assert.Contains("latent.operator.operator3.convolution1.weight", untied.state_dict().Keys);
    }

    private CliRun Evaluate(params string[] more) =>
        CliRun.Of(["evaluate", "--model", sums.Path, "--count", "30", "--threads", "1", "--json", .. more]);

    /// <summary>A network for sums of a few bits, which has learned next to nothing.</summary>
    public sealed class Sums : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Sums() => Training = CliRun.Of(
            "train", "--data", "sums:8", "--channels", "6", "--samples", "64", "--batch", "16", "--epochs", "2", "--validation", "20", "--test-samples", "20",
            "--validate", "sums:12", "--evaluate", "sums:200", "--threads", "1", "--output", Path, "--json");

        public string Path => _folder["run"];

        internal CliRun Training { get; }

        public void Dispose() => _folder.Dispose();
    }
}
