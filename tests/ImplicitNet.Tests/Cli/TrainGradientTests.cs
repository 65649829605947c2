using System.Text.Json;
using ImplicitNet.Training.History;

namespace ImplicitNet.Tests.Cli;

public sealed class TrainGradientTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    [Fact]
    public void The_gradient_is_in_settings_result_report_and_history()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(TinyModel.Arguments("--output", folder["run"], "--gradient", "neumann", "--cosines", "2", "--json")).Succeeded();
        Assert.Contains("by the gradient neumann:3", run.Output, StringComparison.Ordinal);
        using JsonDocument result = JsonDocument.Parse(run.LastLine);
        Assert.Equal("neumann:3", result.RootElement.GetProperty("gradient").GetString());
        Assert.Contains("\"gradient\": \"neumann:3\"", File.ReadAllText(Path.Combine(folder["run"], "run.json")), StringComparison.Ordinal);
        Assert.Contains("the gradient neumann:3", File.ReadAllText(Path.Combine(folder["run"], "report.html")), StringComparison.Ordinal);
        IReadOnlyList<EpochRecord> epochs = RunHistory.ReadEpochs(Path.Combine(folder["run"], "history.jsonl"));

        // Three products and the evaluation that they come from, for each of 200 images.
        Assert.All(epochs, epoch => Assert.Equal((800, 0, 0), (epoch.Products, epoch.AdjointFailures, epoch.FallBacks)));
        Assert.All(epochs, epoch => Assert.InRange(epoch.Cosine!.Value, 0.99, 1));
        Assert.Equal(1600, result.RootElement.GetProperty("trainingProducts").GetInt64());
        Assert.Equal(epochs.Sum(epoch => epoch.Evaluations), result.RootElement.GetProperty("trainingEvaluations").GetInt64());
    }

    [Fact]
    public void A_run_begun_before_there_was_a_choice_goes_on_by_JFB()
    {
        using TemporaryFolder folder = new();
        CliRun.Of(TinyModel.Arguments("--output", folder["run"], "--quiet")).Succeeded();
        string path = Path.Combine(folder["run"], "run.json");
        string[] lines = File.ReadAllLines(path);
        string[] old = [.. lines.Where(line => !line.Contains("\"gradient\"", StringComparison.Ordinal) && !line.Contains("\"cosines\"", StringComparison.Ordinal))];
        Assert.Equal(lines.Length - 2, old.Length);
        File.WriteAllLines(path, old);
        File.Delete(Path.Combine(folder["run"], "result.json"));
        using JsonDocument result = JsonDocument.Parse(CliRun.Of("train", "--resume", "--output", folder["run"], "--json").Succeeded().LastLine);
        Assert.Equal("jfb", result.RootElement.GetProperty("gradient").GetString());
    }

    [Fact]
    public void Another_gradient_than_the_runs_is_refused_another_measurement_is_not()
    {
        CliRun.Of("train", "--resume", "--output", model.Path, "--gradient", "refined").Failed(2, "--gradient refined:5", "started with jfb");
        CliRun.Of("train", "--resume", "--output", model.Path, "--gradient", "jfb", "--cosines", "3").Succeeded();
    }

    [Fact]
    public void Reuse_of_the_inverse_asks_for_Broydens_solver_and_then_trains()
    {
        using TemporaryFolder folder = new();
        CliRun.Of(TinyModel.Arguments("--output", folder["run"], "--gradient", "inverse-reuse")).Failed(2, "--gradient inverse-reuse:0", "--solver broyden", "picard");
        Assert.Empty(folder.Names);
        CliRun.Of(TinyModel.Arguments("--output", folder["run"], "--gradient", "inverse-reuse", "--solver", "broyden")).Succeeded();
        Assert.Equal([0L, 0L], RunHistory.ReadEpochs(Path.Combine(folder["run"], "history.jsonl")).Select(epoch => epoch.Products!.Value));
    }

    [Theory]
    [InlineData("lu", "--gradient must be one of jfb, neumann:TERMS")]
    [InlineData("implicit:lu", "lu is none of gmres")]
    public void An_unknown_gradient_is_refused(string gradient, string expected) =>
        CliRun.Of("train", "--data", "digits", "--gradient", gradient).Failed(2, expected, "train --help");
}
