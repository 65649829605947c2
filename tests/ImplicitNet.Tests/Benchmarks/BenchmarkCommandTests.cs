using System.Text.Json;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using TorchSharp;

namespace ImplicitNet.Tests.Benchmarks;

/// <summary>Every benchmark runs, on sizes of seconds, and writes what it was asked for. Times are never asserted.</summary>
public sealed class BenchmarkCommandTests : TensorTest
{
    private static readonly string[] Short = ["--rounds", "5", "--warm-up", "1", "--threads", "1"];

    [Theory]
    [InlineData("training", 2)]
    [InlineData("explicit", 1)]
    public void Paired_compares_training_steps(string pair, int results)
    {
        using TemporaryFolder folder = new();
        BenchmarkRun run = Run(folder, ["paired", "--pair", pair, "--batch", "4", "--steps", "1", "--images", "20"]);
        string[] heads = [.. run.Lines.Where(line => !line.StartsWith("    ", StringComparison.Ordinal))];
        Assert.Equal(results, heads.Length);
        Assert.All(heads, line => Assert.Matches(@"^training step: .* against .* \| drawn digits, batch 4 \| 1 thread, \d+ cores?, .* \| ratio \d+\.\d{3} \(", line));
        JsonElement[] json = Json(folder);
        Assert.Equal(results, json.Length);
        Assert.All(json, result => Assert.Equal((5, 5), (result.GetProperty("baselineSeconds").GetArrayLength(), result.GetProperty("candidateSeconds").GetArrayLength())));
    }

    [Fact]
    public void In_training_every_sample_of_ours_is_at_least_as_near_its_fixed_point_relatively()
    {
        using TemporaryFolder folder = new();
        Run(folder, ["paired", "--pair", "training", "--batch", "20", "--steps", "1", "--images", "20"]);
        JsonElement contraction = Json(folder)[0];
        JsonElement share = contraction.GetProperty("facts").EnumerateArray()
            .Single(fact => fact.GetProperty("name").GetString()!.EndsWith("smaller relative residual", StringComparison.Ordinal));
        Assert.InRange(share.GetProperty("candidate").GetDouble(), 0.9, 1);
    }

    [Fact]
    public void Paired_compares_inference_with_weights_that_are_given_and_with_a_model()
    {
        using TemporaryFolder folder = new();
        Save(folder);
        BenchmarkRun run = Run(folder, ["paired", "--pair", "inference", "--images", "20", "--inference-batch", "10", "--gamma", "0.1", "--weights", folder["net.pth"], "--model", folder["model"]]);
        Assert.InRange(run.Lines.Count(line => line.Contains("tried ", StringComparison.Ordinal)), 1, 5);
        Assert.Contains("weights of net.pth", run.Output, StringComparison.Ordinal);
        Assert.Contains("model model (digit-classifier)", run.Output, StringComparison.Ordinal);
        Assert.Contains("    images: 20\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(2, Json(folder).Length);
    }

    [Fact]
    public void Paired_trains_both_sides_where_no_weights_are_given()
    {
        using TemporaryFolder folder = new();
        BenchmarkRun run = Run(folder, ["paired", "--pair", "inference", "--images", "20", "--inference-batch", "20", "--gamma", "0.1", "--training-steps", "2"]);
        Assert.Contains("weights of 2 naive training steps", run.Output, StringComparison.Ordinal);
        Assert.Contains("contraction of the same size", run.Output, StringComparison.Ordinal);
        Assert.Equal(2, Json(folder).Length);
    }

    [Fact]
    public void A_naive_procedure_that_does_not_settle_is_nothing_to_compare_with()
    {
        string weights = Path.Combine(SharedData.FolderOrSkip(Path.Combine("reference", "official-weights")), "MNIST_FPN_Explicit_weights_99.29.pth");
        BenchmarkRun.Of(["paired", "--pair", "inference", "--images", "10", "--inference-batch", "10", "--weights", weights, .. Short]).Failed(1, "does not settle on 10 of 10 images");
    }

    [Fact]
    public void Convolutions_gives_both_ratios_for_every_shape()
    {
        using TemporaryFolder folder = new();
        BenchmarkRun run = Run(folder, ["convolutions", "--batch", "3", "--calls", "1", "--channels", "16,32", "--sides", "3"]);
        Assert.Equal(2, run.Lines.Count(line => line.Contains(" of torch's; forward and backward ", StringComparison.Ordinal)));
        Assert.All(Json(folder), result => Assert.InRange(result.GetProperty("trainingRatio").GetProperty("least").GetDouble(), double.Epsilon, double.MaxValue));
        BenchmarkRun.Of(["convolutions", "--channels", "20"]).Failed(2, "multiples of 16");
    }

    [Fact]
    public void Ceiling_gives_the_fraction_and_the_parts_of_every_solve()
    {
        using TemporaryFolder folder = new();
        BenchmarkRun run = Run(folder, ["ceiling", "--batch", "10", "--steps", "3", "--repeats", "1"]);
        Assert.Equal(3, run.Lines.Count(line => line.Contains("solve over convolution ", StringComparison.Ordinal)));
        Assert.Equal(3, run.Lines.Count(line => line.Contains(", in bfloat16 ", StringComparison.Ordinal)));
        Assert.Contains("| In bfloat16 |", File.ReadAllText(folder["result.md"]), StringComparison.Ordinal);
        Assert.All(Json(folder), result => Assert.InRange(result.GetProperty("bfloat16").GetProperty("least").GetDouble(), double.Epsilon, double.MaxValue));
        JsonElement first = Json(folder)[0];
        Assert.Equal(30, first.GetProperty("evaluations").GetInt64());
        Assert.True(first.GetProperty("tensors").GetInt64() > 3);
        double parts = new[] { "convolutionSeconds", "elementwiseSeconds", "normSeconds", "restSeconds" }.Sum(part => first.GetProperty(part).GetDouble());
        Assert.Equal(first.GetProperty("solveSeconds").GetDouble(), parts, 1e-9);
    }

    [Fact]
    public void Latency_gives_single_images_and_batches_of_both_networks()
    {
        using TemporaryFolder folder = new();
        Save(folder);
        BenchmarkRun run = Run(folder, ["latency", "--calls", "5", "--batches", "4,10", "--model", folder["model"], "--weights", folder["net.pth"]]);
        Assert.Equal((2, 4), (run.Lines.Count(line => line.StartsWith("latency: ", StringComparison.Ordinal)), run.Lines.Count(line => line.StartsWith("throughput: ", StringComparison.Ordinal))));
        foreach (JsonElement result in Json(folder))
        {
            Assert.Equal(5, result.GetProperty("single").GetProperty("byStep").EnumerateArray().Sum(group => group.GetProperty("images").GetInt32()));
            Assert.All(result.GetProperty("batches").EnumerateArray(), batch => Assert.InRange(batch.GetProperty("paidOverOwn").GetDouble(), 1, batch.GetProperty("lockStepOverOwn").GetDouble()));
        }
    }

    [Fact]
    public void Scaling_measures_each_point_once_and_draws_them()
    {
        using TemporaryFolder folder = new();
        BenchmarkRun run = BenchmarkRun.Of(
            "scaling", "--batches", "2,100", "--channels", "32", "--sides", "9", "--steps", "10", "--threads", "1",
            "--output", folder["out"], "--json", folder["result.json"], "--markdown", folder["result.md"]).Succeeded();
        Assert.Equal(["scaling.csv", "scaling.png", "scaling.svg"], Directory.EnumerateFiles(folder["out"]).Select(path => Path.GetFileName(path)!).Order());
        string[] csv = File.ReadAllLines(Path.Combine(folder["out"], "scaling.csv"));
        Assert.Equal(["axis", "batch", "batch", "channels", "side", "steps", "threads"], csv.Select(line => line.Split(',')[0]));
        Assert.Equal(2, run.Lines.Count(line => line.Contains("training step ", StringComparison.Ordinal)));
        JsonElement point = Json(folder)[0];
        Assert.InRange(point.GetProperty("baseBytes").GetInt64(), 1 << 20, point.GetProperty("peakBytes").GetInt64());
    }

    [Theory]
    [InlineData("at least 5", "paired", "--rounds", "4")]
    [InlineData("--pair must be", "paired", "--pair", "both")]
    [InlineData("--batches must be", "latency", "--batches", "4,none")]
    [InlineData("--target must be", "accuracy", "--target", "101")]
    [InlineData("--target must be", "accuracy", "--target", "0")]
    [InlineData("'nothing' is not understood", "nothing")]
    public void A_wrong_command_line_is_refused(string text, params string[] arguments) => BenchmarkRun.Of(arguments).Failed(2, text);

    [Fact]
    public void Help_names_every_benchmark()
    {
        string help = BenchmarkRun.Of("--help").Succeeded().Output;
        Assert.All(new[] { "paired", "ceiling", "convolutions", "scaling", "latency", "accuracy", "pieces" }, name => Assert.Matches($@"\n  {name} ", help));
    }

    private static BenchmarkRun Run(TemporaryFolder folder, string[] arguments)
    {
        BenchmarkRun run = BenchmarkRun.Of([.. arguments, .. Short, "--json", folder["result.json"], "--markdown", folder["result.md"]]).Succeeded();
        string[] markdown = File.ReadAllLines(folder["result.md"]);
        Assert.StartsWith("Machine: 1 thread, ", markdown[0], StringComparison.Ordinal);
        Assert.Contains(markdown, line => line.StartsWith("|---|", StringComparison.Ordinal));
        return run;
    }

    private static JsonElement[] Json(TemporaryFolder folder)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(folder["result.json"]));
        return [.. document.RootElement.EnumerateArray().Select(element => element.Clone())];
    }

    /// <summary>Weights of a published network, and a model folder.</summary>
    private static void Save(TemporaryFolder folder)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.random.manual_seed(2);
        using ImplicitNetwork published = MnistFpn.Create(new MnistFpnOptions { Gamma = 0.1 });
        PublishedWeights.Write(folder["net.pth"], published);
        ModelConfig config = new() { Data = "digits", PixelMean = [0.1307], PixelDeviation = [0.3081] };
        using ImplicitNetwork network = config.CreateNetwork();
        ModelFolder.Save(folder["model"], config, network);
    }
}
