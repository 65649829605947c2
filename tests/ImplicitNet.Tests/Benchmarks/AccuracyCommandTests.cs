using System.Text.Json;
using ImplicitNet.Benchmarks.Accuracy;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Tests.Cli;
using ImplicitNet.Training.History;

namespace ImplicitNet.Tests.Benchmarks;

/// <summary>The time to an accuracy: when a run ends, what is said of it, and that it is the run of train. Times are never asserted.</summary>
public sealed class AccuracyCommandTests : TensorTest
{
    private static readonly string[] Tiny = ["--images", "60", "--validation", "40", "--epochs", "2", "--threads", "1"];

    [Fact]
    public void A_run_ends_with_the_epoch_that_reaches_the_target()
    {
        using TemporaryFolder folder = new();
        BenchmarkRun run = Run(folder, "--target", "1", "--seeds", "1,2");
        Assert.Equal(3, run.Lines.Length);
        Assert.All(run.Lines[..2], line => Assert.Matches(@"^seed [12]: reached after \d.*, with \d+\.\d\d % after epoch 1 \| best ", line));
        Assert.Matches(@"^time to 1 % on validation: .* drawn digits, 60 images and 40 held out \| 1 thread, .* \| reached with 2 seeds: median \d", run.Lines[2]);
        Assert.Equal(2, File.ReadLines(folder["result.md"]).Count(line => line.Contains(" after epoch 1 | ", StringComparison.Ordinal)));
        JsonElement result = Json(folder);
        Assert.Equal(("0.003", 2), (result.GetProperty("settings").GetProperty("learning-rate").GetString(), result.GetProperty("seeds").GetArrayLength()));
        Assert.All(result.GetProperty("seeds").EnumerateArray(), seed =>
        {
            JsonElement epoch = seed.GetProperty("epochs").EnumerateArray().Single();
            Assert.Equal(epoch.GetProperty("seconds").GetDouble(), seed.GetProperty("seconds").GetDouble());
            Assert.Equal(epoch.GetProperty("validationAccuracy").GetDouble(), seed.GetProperty("accuracy").GetDouble());
        });
    }

    [Fact]
    public void A_target_that_is_not_reached_has_no_time()
    {
        using TemporaryFolder folder = new();
        BenchmarkRun run = Run(folder, "--target", "100", "--seeds", "3");
        Assert.StartsWith("seed 3: not reached in 2 epochs | best ", run.Lines[0], StringComparison.Ordinal);
        Assert.EndsWith(" | not reached with any of 1 seed", run.Lines[1], StringComparison.Ordinal);
        Assert.Contains("| 3 | not reached | - | - | ", File.ReadAllText(folder["result.md"]), StringComparison.Ordinal);
        JsonElement result = Json(folder);
        Assert.Equal(JsonValueKind.Null, result.GetProperty("seconds").ValueKind);
        Assert.All(new[] { "seconds", "epoch", "accuracy" }, name => Assert.Equal(JsonValueKind.Null, result.GetProperty("seeds")[0].GetProperty(name).ValueKind));
    }

    [Fact]
    public void The_training_is_that_of_train_to_its_end_where_that_is_asked_for()
    {
        using TemporaryFolder folder = new();
        CliRun.Of(["train", "--data", "digits", "--seed", "5", "--test-images", "10", "--output", folder["run"], .. Tiny]).Succeeded();
        Run(folder, "--target", "1", "--seeds", "5", "--all-epochs");
        double[] expected = [.. RunHistory.ReadEpochs(Path.Combine(folder["run"], "history.jsonl")).Select(epoch => epoch.ValidationLoss!.Value)];
        JsonElement run = Json(folder).GetProperty("seeds")[0];
        Assert.Equal(2, expected.Length);
        Assert.Equal(expected, run.GetProperty("epochs").EnumerateArray().Select(epoch => epoch.GetProperty("validationLoss").GetDouble()));
        Assert.Equal(1, run.GetProperty("epoch").GetInt32());
    }

    [Fact]
    public void The_time_is_that_of_all_epochs_up_to_the_first_that_reaches_the_target()
    {
        AccuracyTarget target = new(99.34);
        SeedRun reached = SeedRun.Of(1, [Epoch(1, 0.9933, 4), Epoch(2, 0.9934, 2), Epoch(3, 0.995, 2), Epoch(4, 0.991, 2)], target);
        SeedRun missed = SeedRun.Of(2, [Epoch(1, 0.9933, 4)], target);
        Assert.Equal((6.0, 2, 0.9934, 0.995, 3, 2.5), (reached.Seconds, reached.Epoch, reached.Accuracy, reached.BestAccuracy, reached.BestEpoch, reached.SecondsAnEpoch));
        AccuracyResult result = new()
        {
            Target = target,
            Images = "drawn digits",
            TrainingImages = 60,
            ValidationImages = 40,
            Machine = Machine.Current(),
            Epochs = 4,
            Settings = new Dictionary<string, string>(),
            Seeds = [reached, missed, reached with { Seconds = 8 }],
        };
        Assert.Equal(new Spread(6, 7, 8), result.Seconds);
        Assert.EndsWith(" | reached with 2 of 3 seeds, of which: median 7.00 s (6.00 s to 8.00 s)", result.ToString(), StringComparison.Ordinal);
    }

    private static EpochRecord Epoch(int number, double accuracy, double seconds) => new() { Epoch = number, Step = number, ValidationAccuracy = accuracy, Seconds = seconds };

    private static BenchmarkRun Run(TemporaryFolder folder, params string[] arguments) =>
        BenchmarkRun.Of(["accuracy", .. arguments, .. Tiny, "--json", folder["result.json"], "--markdown", folder["result.md"]]).Succeeded();

    private static JsonElement Json(TemporaryFolder folder)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(folder["result.json"]));
        return document.RootElement.EnumerateArray().Single().Clone();
    }
}
