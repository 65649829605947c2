using System.Text.Json;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Training;
using ImplicitNet.Training.History;

namespace ImplicitNet.Tests.Cli;

/// <summary>A training that has taught nothing is told so, and one that works is told nothing.</summary>
public sealed class TrainingRemarksTests : TensorTest
{
    private static readonly byte[] Even = [.. Enumerable.Range(0, 1000).Select(index => (byte)(index % 10))];

    [Fact]
    public void An_absurd_learning_rate_is_named_on_the_screen_and_in_the_result()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(TinyModel.Arguments("--learning-rate", "10", "--output", folder["run"], "--json")).Succeeded();
        Assert.Contains("Training has run away: the validation loss ended at ", run.Output, StringComparison.Ordinal);
        Assert.Contains("Try --learning-rate 0.003, the default (it was 10).\n", run.Output, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["run"], "result.json")));
        string[] remarks = [.. json.RootElement.GetProperty("remarks").EnumerateArray().Select(remark => remark.GetString()!)];
        Assert.InRange(remarks.Length, 1, 2);
        Assert.All(remarks, remark => Assert.Contains($"  {remark}\n", run.Output, StringComparison.Ordinal));

        // What was said is said again of the run that is complete.
        Assert.Contains(remarks[0], CliRun.Of("train", "--resume", "--output", folder["run"]).Succeeded().Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--images 1000 --epochs 1")]
    [InlineData("--images 600 --epochs 2 --learning-rate 0.01")]
    [InlineData("--images 600 --epochs 2 --explicit")]
    public void A_short_run_that_learns_is_told_nothing(string line)
    {
        using TemporaryFolder folder = new();
        string[] arguments = ["train", "--data", "digits", .. line.Split(' '), "--validation", "100", "--test-images", "200", "--batch", "20", "--threads", "1", "--output", folder["run"], "--json"];
        using JsonDocument json = JsonDocument.Parse(CliRun.Of(arguments).Succeeded().LastLine);
        Assert.InRange(json.RootElement.GetProperty("testAccuracy").GetDouble(), 0.3, 1);
        Assert.Equal(0, json.RootElement.GetProperty("remarks").GetArrayLength());
    }

    // ln 10 is 2.303; three deviations above a tenth of 1,000 are 0.1285.
    [Theory]
    [InlineData(0.3, 0.4, 0.9, 0)]
    [InlineData(2.31, 4.6, 0.129, 0)]
    [InlineData(2.31, 4.61, 0.129, 1)]
    [InlineData(2.3, 4.61, 0.129, 0)]
    [InlineData(2.29, 2.3, 0.128, 1)]
    [InlineData(5e7, 6e7, 0.1, 2)]
    [InlineData(0.01, 9.0, 0.8, 0)]
    [InlineData(double.NaN, double.NaN, 0.5, 0)]
    public void There_is_a_remark_where_the_loss_is_twice_that_of_guessing_or_the_accuracy_is_its(double trained, double validated, double accuracy, int remarks) =>
        Assert.Equal(remarks, Of(RunKinds.DefaultsFor(DataChoice.Digits), trained, validated, accuracy, Even).Count);

    [Fact]
    public void Who_names_the_most_frequent_class_has_learned_nothing()
    {
        byte[] uneven = [.. Enumerable.Repeat((byte)1, 200), .. Even[..800]];
        Assert.Empty(Of(RunKinds.DefaultsFor(DataChoice.Svhn), 2.2, 2.2, 0.33, uneven));
        Assert.Contains("guessing has too (28.00 %): try more --epochs", Assert.Single(Of(RunKinds.DefaultsFor(DataChoice.Svhn), 2.2, 2.2, 0.28, uneven)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_rate_below_the_default_is_answered_by_one_that_is_smaller_still()
    {
        RunSettings slow = RunKinds.DefaultsFor(DataChoice.Digits) with { LearningRate = 0.001 };
        Assert.EndsWith("Try a smaller --learning-rate (it was 0.001), or --clip-norm 1.", Of(slow, 90, 90, 0.5, Even)[0], StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Of(RunSettings settings, double trained, double validated, double accuracy, byte[] labels) => TrainingRemarks.Of(
        settings,
        RunKinds.DefaultsFor(settings.Data).LearningRate,
        new TrainingResult
        {
            Stopped = default,
            Steps = 1,
            BestEpoch = 1,
            Score = 0,
            ValidationAccuracy = 0,
            ValidationLoss = 0,
            Seconds = 1,
            Epochs = [new EpochRecord { Epoch = 1, Step = 1, TrainLoss = trained, ValidationLoss = validated }],
        },
        accuracy,
        labels,
        10);
}
