using System.Text.Json;

namespace ImplicitNet.Tests.Cli;

public sealed class EvaluateCommandTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
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

    [Fact]
    public void Every_solver_gives_the_same_accuracy()
    {
        double expected = Evaluate("--tolerance", "1e-5").GetProperty("testAccuracy").GetDouble();
        Assert.All(
            ImplicitNet.Cli.Options.SolverChoice.Names,
            name => Assert.Equal(expected, Evaluate("--tolerance", "1e-5", "--solver", name).GetProperty("testAccuracy").GetDouble()));
    }

    [Fact]
    public void A_person_reads_accuracy_statuses_and_factors()
    {
        CliRun run = CliRun.Of("evaluate", "--model", model.Path).Succeeded();
        Assert.All(["accuracy", "loss", "60 Converged", "certified", "measured", "images/s"], text => Assert.Contains(text, run.Output, StringComparison.Ordinal));
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

    private JsonElement Evaluate(params string[] more)
    {
        CliRun run = CliRun.Of(["evaluate", "--model", model.Path, "--threads", "1", "--quiet", "--json", .. more]).Succeeded();
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        return json.RootElement.Clone();
    }
}
