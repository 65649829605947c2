using System.Text.Json;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Commands;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.History;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Cli.Settings;

/// <summary>What a comparison trains beside gradients is what it says.</summary>
public sealed class TwinTests : TensorTest
{
    /// <summary>Five steps of R unrolled, then solves; of a twin that is unrolled itself, or has nothing to unroll, none.</summary>
    [Theory]
    [InlineData("jfb", 5)]
    [InlineData("through:3", 0)]
    [InlineData("explicit", 0)]
    [InlineData("untied:2", 0)]
    public void A_pretraining_is_that_of_the_implicit_network(string name, int expected)
    {
        RunSettings settings = Twin.Of(RunKinds.DefaultsFor("sums:8") with { Pretrain = 5 }, name);
        Assert.Equal(expected, settings.Pretrain);
        SolveSchedule schedule = settings.ToTrainingOptions().Solves, after = (settings with { Pretrain = 0 }).ToTrainingOptions().Solves;
        Assert.Equal(expected == 0 ? after : new UnrolledPretraining { TrainingSteps = 5, Applications = 3, StartNoise = 1, Then = after }, schedule);
        Assert.Equal(1, after.StartNoise);
        Assert.Equal(long.MaxValue, settings.CutSteps);
        Assert.Equal(5, (RunKinds.DefaultsFor("digits") with { Pretrain = 5 }).CutSteps);
    }

    /// <summary>Backpropagation through K applications of R from the start, written out.</summary>
    [Fact]
    public void Through_K_is_backpropagation_through_K_steps_from_the_start()
    {
        const int steps = 5;
        RunSettings settings = Twin.Of(RunKinds.DefaultsFor("sums:8"), $"through:{steps}");
        Assert.Equal(("unrolled:5", 1, false), (settings.Gradient, settings.TrainSteps, settings.RandomSteps));
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        GridSolverOptions sizes = new() { Dimensions = 1, InputChannels = 1, LatentChannels = 4 };
        using ImplicitNetwork network = settings.ToModelConfig(sizes).CreateNetwork();
        network.to(ScalarType.Float64);
        network.Settings = network.Settings with
        {
            Stopping = network.Stopping with { MaxSteps = settings.TrainSteps!.Value },
            OnFailure = new AcceptMaxSteps(),
        };
        Tensor input = randn(3, 1, 8, dtype: ScalarType.Float64);
        Tensor output = network.call(input);
        output.square().sum().backward();
        Tensor[] gradients = [.. network.parameters().Select(parameter => parameter.grad!.clone())];
        network.zero_grad();

        Tensor q = network.Encoder.call(input);
        Tensor u = network.Layer.Operator.StartingLatent(q);
        for (int step = 0; step < steps; step++)
        {
            u = network.Layer.Operator.call(u, q);
        }

        Tensor written = network.Readout.call(u);
        written.square().sum().backward();
        Assert.Equal(0, (output - written).abs().max().ToDouble(), 1e-12);
        Assert.All(network.parameters().Zip(gradients), pair =>
            Assert.Equal(0, (pair.First.grad! - pair.Second).abs().max().ToDouble(), 1e-10 * (1 + pair.Second.abs().max().ToDouble())));
    }

    /// <summary>Their map is constant: its fixed point is one full step away.</summary>
    [Theory]
    [InlineData("explicit", 1)]
    [InlineData("untied:3", 1)]
    [InlineData("through:5", 0.8)]
    public void Explicit_twins_are_solved_by_a_full_step(string name, double damping)
    {
        using DisposeScope scope = NewDisposeScope();
        RunSettings settings = Twin.Of(RunKinds.DefaultsFor("mazes:9"), name);
        ModelConfig config = settings.ToModelConfig(new GridSolverOptions { LatentChannels = 4, Explicit = Twin.IsExplicit(name) });
        Assert.Equal(damping, config.Damping);
        using ImplicitNetwork network = config.CreateNetwork();
        using ImplicitResult result = network.Run(randn(2, 3, 9, 9));
        Assert.All(result.Report.Samples, sample => Assert.Equal(Twin.IsExplicit(name), sample.Steps <= 2));
    }

    [Fact]
    public void Untied_layers_are_applied_one_after_the_other_from_zero()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        using ImplicitNetwork network = new GridSolverOptions { LatentChannels = 4, ExplicitLayers = 3, Explicit = true }.CreateNetwork();
        using ImplicitNetwork first = Copy(network, "operator"), second = Copy(network, "operator2"), third = Copy(network, "operator3");
        Tensor input = randn(2, 3, 7, 9);
        Tensor q = network.Encoder.call(input);
        Tensor u = zeros_like(q.narrow(1, 0, 4));
        foreach (ImplicitNetwork layer in (ImplicitNetwork[])[first, second, third])
        {
            u = layer.Layer.Operator.call(u, q);
        }

        Assert.Equal(0, (network.call(input) - network.Readout.call(u)).abs().max().ToDouble(), 1e-6);
    }

    [Theory]
    [InlineData("untied:0")]
    [InlineData("untied")]
    [InlineData("through:257")]
    [InlineData("explicit:2")]
    public void A_twin_that_cannot_be_is_refused_in_one_line(string name) =>
        CliRun.Of("compare", "--data", "sums:8", "--gradients", $"jfb,{name}").Failed(2, $"--gradients {name}: it must be one of explicit, untied:N, through:K");

    [Fact]
    public void Images_have_no_untied_twin() =>
        CliRun.Of("compare", "--data", "digits", "--gradients", "jfb,untied:3").Failed(2, "--untied 3 is for mazes and sums and texts alone");

    [Fact]
    public void A_comparison_tells_every_size_at_equal_steps_and_at_equal_time_and_runs_nothing_twice()
    {
        using TemporaryFolder folder = new();
        string[] arguments =
        [
            "compare", "--data", "sums:8", "--channels", "4", "--samples", "64", "--batch", "16", "--epochs", "1", "--validation", "10", "--test-samples", "10",
            "--gradients", "jfb,through:40", "--seeds", "1", "--evaluate", "sums:12", "--threads", "1", "--output", folder["twins"], "--json",
        ];
        using JsonDocument json = JsonDocument.Parse(CliRun.Of(arguments).Succeeded().LastLine);
        foreach (string table in (string[])["equalSteps", "equalTime"])
        {
            JsonElement[] rows = [.. json.RootElement.GetProperty(table).EnumerateArray()];
            Assert.Equal(["jfb", "through:40"], rows.Select(row => row.GetProperty("name").GetString()));
            Assert.All(rows, row => Assert.Equal(["sums:8", "sums:12"], row.GetProperty("accuracies").EnumerateObject().Select(member => member.Name)));
        }

        Assert.Equal([4.0, 4.0], json.RootElement.GetProperty("equalSteps").EnumerateArray().Select(row => row.GetProperty("steps").GetDouble()));
        Assert.Contains("## At equal time", File.ReadAllText(Path.Combine(folder["twins"], "comparison.md")), StringComparison.Ordinal);
        string[] before = [.. Directory.EnumerateFiles(folder["twins"], "result.json", SearchOption.AllDirectories).Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O}").Order()];
        CliRun.Of(arguments).Succeeded();
        Assert.Equal(before, Directory.EnumerateFiles(folder["twins"], "result.json", SearchOption.AllDirectories).Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O}").Order());
    }

    [Fact]
    public void Runs_of_equal_time_have_samples_by_the_times_measured_and_keep_them()
    {
        using TemporaryFolder folder = new();
        RunSettings settings = RunKinds.DefaultsFor("sums:8") with { Samples = 64, Batch = 16, Threads = 1 };
        NamedRun[] runs =
        [
            Complete("jfb", 1, 10), Complete("through:40", 1, 5), Complete("explicit", 1, 10.2), Complete("untied:2", 1, 40),
            Begun("jfb", 2), Complete("through:40", 2, 5),
        ];
        NamedRun[] equal = TwinComparison.OfEqualTime(runs, 1_000, folder["runs"]);

        // The time of jfb is 10 s: twice the samples, the same run, a quarter; and nothing of seed 2, where jfb is not complete.
        Assert.Equal([64, 128, 64, 16], equal.Select(run => run.Settings.Samples));
        Assert.Equal([runs[0], runs[2]], equal.Where(runs.Contains));
        Assert.Equal(Path.Combine(folder["runs"], "through-40-in-the-time-of-jfb-seed1"), equal[1].Folder);
        Assert.Equal(["jfb", "explicit"], TwinComparison.Summaries(equal).Select(row => row.Name));

        Assert.Equal("untied:2", Assert.Single(TwinComparison.Summaries([Complete("untied:2-in-the-time-of-jfb", 3, 9)])).Name);

        // Begun, and then the first is measured as 20 s: the samples stay. With another first they are others.
        RunSeries.Prepare([equal[1]]);
        Complete("jfb", 1, 20);
        Assert.Equal([64, 128, 128, 32], TwinComparison.OfEqualTime(runs, 1_000, folder["runs"]).Select(run => run.Settings.Samples));
        NamedRun[] other = TwinComparison.OfEqualTime([runs[3], runs[1]], 1_000, folder["runs"]);
        Assert.Equal(512, other[1].Settings.Samples);
        RunSeries.Prepare(other);

        NamedRun Begun(string name, long seed) => NamedRun.In(folder["runs"], name, settings with { Seed = seed });

        NamedRun Complete(string name, long seed, double seconds)
        {
            NamedRun run = Begun(name, seed);
            Directory.CreateDirectory(run.Folder);
            File.WriteAllText(run.Result, "{\"tests\": []}");
            File.Delete(run.History);
            using RunHistory history = new(run.History);
            history.Append(new EpochRecord { Epoch = 1, Step = 4, Seconds = seconds + 3, Times = new EpochTimes(1, 1, 1, 3) }.ToHistory());
            return run;
        }
    }

    [Fact]
    public void Accuracies_that_are_not_known_are_null_and_leave_the_others_alone()
    {
        TwinSummary summary = TwinSummary.Of("jfb",
        [
            (1, [new ImplicitNet.Cli.TestResult { Data = "sums:8", Accuracy = 0.5 }, new ImplicitNet.Cli.TestResult { Data = "sums:9", Accuracy = double.NaN }], 1, 1),
            (1, [new ImplicitNet.Cli.TestResult { Data = "sums:8", Accuracy = double.NaN }, new ImplicitNet.Cli.TestResult { Data = "sums:9" }], 1, 1),
        ]);
        ComparisonResult result = new() { Data = "sums:8", Epochs = 1, Threads = 1, Output = "", Gradients = [], Failures = [], EqualSteps = [summary] };
        Assert.Equal((0.5, null), (summary.Accuracies["sums:8"], summary.Accuracies["sums:9"]));
        using JsonDocument json = JsonDocument.Parse(JsonSerializer.Serialize(result, ResultJson.Default.ComparisonResult));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("equalSteps")[0].GetProperty("accuracies").GetProperty("sums:9").ValueKind);
    }

    private static ImplicitNetwork Copy(ImplicitNetwork network, string name)
    {
        ImplicitNetwork copy = new GridSolverOptions { LatentChannels = 4 }.CreateNetwork();
        using IDisposable noGraph = no_grad();
        Dictionary<string, Tensor> weights = network.Layer.Operator.state_dict();
        foreach ((string member, Tensor target) in copy.Layer.Operator.state_dict())
        {
            target.copy_(weights[$"{name}.{member}"]);
        }

        return copy;
    }
}
