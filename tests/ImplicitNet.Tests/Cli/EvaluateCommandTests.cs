using System.Text.Json;
using ImplicitNet.Models;

namespace ImplicitNet.Tests.Cli;

public sealed class EvaluateCommandTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    [Fact]
    public void What_is_evaluated_on_what_stands_in_the_first_line() => Assert.StartsWith(
        $"{model.Path} on digits, validation\n  accuracy ", CliRun.Of("evaluate", "--model", model.Path, "--split", "validation").Succeeded().Output, StringComparison.Ordinal);

    [Fact]
    public void The_test_set_gives_what_the_training_reported()
    {
        using JsonDocument trained = JsonDocument.Parse(model.Training.LastLine);
        JsonElement evaluated = Evaluate("--batch", "20");
        foreach (string name in (string[])["testAccuracy", "testLoss", "evaluations", "samples", "gammaCertified"])
        {
            Assert.Equal(trained.RootElement.GetProperty(name).GetDouble(), evaluated.GetProperty(name).GetDouble(), 5);
        }

        Assert.Equal(JsonValueKind.Null, evaluated.GetProperty("validationAccuracy").ValueKind);
    }

    [Fact]
    public void The_validation_set_is_that_of_the_run()
    {
        using JsonDocument trained = JsonDocument.Parse(model.Training.LastLine);
        JsonElement evaluated = Evaluate("--split", "validation");
        Assert.Equal(trained.RootElement.GetProperty("validationAccuracy").GetDouble(), evaluated.GetProperty("validationAccuracy").GetDouble());
        Assert.Equal(40, evaluated.GetProperty("samples").GetInt32());
        Assert.Equal(JsonValueKind.Null, evaluated.GetProperty("testAccuracy").ValueKind);
    }

    [Fact]
    public void A_tighter_tolerance_takes_more_steps_and_a_limit_fewer()
    {
        double loose = Evaluate().GetProperty("meanSteps").GetDouble();
        Assert.True(Evaluate("--tolerance", "1e-5").GetProperty("meanSteps").GetDouble() > loose + 1);
        JsonElement limited = Evaluate("--max-steps", "2");
        Assert.Equal(2, limited.GetProperty("meanSteps").GetDouble());
        Assert.Equal(60, limited.GetProperty("statuses").GetProperty("MaxStepsReached").GetInt32());
    }

    /// <summary>Algorithm 1 stops at an absolute tolerance: one above every residual is met by the start.</summary>
    [Fact]
    public void An_absolute_tolerance_is_added_to_the_relative_one()
    {
        JsonElement met = Evaluate("--absolute-tolerance", "1e6");
        Assert.Equal((1, 60), (met.GetProperty("meanSteps").GetDouble(), met.GetProperty("statuses").GetProperty("Converged").GetInt32()));
        double steps = Evaluate("--tolerance", "1e-5", "--absolute-tolerance", "0.01").GetProperty("meanSteps").GetDouble();
        Assert.InRange(steps, 1.5, Evaluate("--tolerance", "1e-5").GetProperty("meanSteps").GetDouble() - 0.5);
    }

    [Fact]
    public void Every_solver_gives_the_same_accuracy()
    {
        double expected = Evaluate("--tolerance", "1e-5").GetProperty("testAccuracy").GetDouble();
        Assert.All(
            SolverChoice.General,
            name => Assert.Equal(expected, Evaluate("--tolerance", "1e-5", "--solver", name).GetProperty("testAccuracy").GetDouble()));
    }

    [Fact]
    public void A_model_is_solved_by_its_own_solver_unless_told_otherwise()
    {
        using TemporaryFolder folder = new();
        model.CopyTo(folder);
        File.Copy(Path.Combine(model.Path, "run.json"), folder["run.json"]);
        string config = File.ReadAllText(folder["config.json"]);
        Assert.Contains("\"solver\": \"picard\"", config, StringComparison.Ordinal);
        File.WriteAllText(
            folder["config.json"],
            config.Replace("\"solver\": \"picard\"", "\"solver\": \"anderson\"", StringComparison.Ordinal)
                .Replace("\"memory\": null", "\"memory\": 2", StringComparison.Ordinal));
        double Steps(string path, params string[] more) =>
            EvaluateModel(path, ["--tolerance", "1e-5", .. more]).GetProperty("meanSteps").GetDouble();
        Assert.Equal(Steps(model.Path, "--solver", "anderson", "--memory", "2"), Steps(folder.Path));
        Assert.NotEqual(Steps(model.Path), Steps(folder.Path));
        Assert.Equal(Steps(model.Path), Steps(folder.Path, "--solver", "picard"));
        Assert.Contains("anderson", CliRun.Of("info", "--model", folder.Path).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_person_reads_accuracy_statuses_and_factors()
    {
        CliRun run = CliRun.Of("evaluate", "--model", model.Path).Succeeded();
        Assert.All(["accuracy", "loss", "60 Converged", "certified", "measured", "at most   to the fixed point, L2 norm", "images/s"], text => Assert.Contains(text, run.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void Images_of_another_size_are_refused()
    {
        using TemporaryFolder folder = new();
        BadData.WriteDigits(folder, size: 20);
        using TemporaryFolder run = new();
        model.CopyTo(run);
        File.WriteAllText(
            run["run.json"],
            File.ReadAllText(Path.Combine(model.Path, "run.json"))
                .Replace("\"data\": \"digits\"", "\"data\": \"mnist\"", StringComparison.Ordinal)
                .Replace("\"validation\": 40", "\"validation\": 10", StringComparison.Ordinal)
                .Replace("\"images\": 200", "\"images\": 20", StringComparison.Ordinal)
                .Replace("\"test-images\": 60", "\"test-images\": 10", StringComparison.Ordinal));
        CliRun.Of("evaluate", "--model", run.Path, "--data", "mnist", "--data-dir", folder.Path).Failed(1, "28 x 28 x 1", "20 x 20 x 1");
    }

    private JsonElement Evaluate(params string[] more) => EvaluateModel(model.Path, more);

    private static JsonElement EvaluateModel(string path, string[] more)
    {
        CliRun run = CliRun.Of(["evaluate", "--model", path, "--threads", "1", "--quiet", "--json", .. more]).Succeeded();
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        return json.RootElement.Clone();
    }
}
