using System.Text.Json;

namespace ImplicitNet.Tests.Cli;

/// <summary>The names that train and evaluate print under --json are an interface: others read them.</summary>
public sealed class ResultKeysTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    private static readonly string[] Keys =
    [
        "testAccuracy", "validationAccuracy", "trainAccuracy", "testLoss", "validationLoss", "trainLoss", "parameters", "gammaDeclared", "gammaCertified",
        "gammaMeasured", "meanSteps", "statuses", "evaluations", "epochs", "bestEpoch", "secondsPerEpoch", "seconds", "peakMemoryBytes", "data", "split",
        "samples", "seed", "threads", "device", "model", "gradient", "trainingEvaluations", "trainingProducts", "adjointFailures",
    ];

    private static readonly string[] Statuses = ["Converged", "MaxStepsReached", "Stalled", "Diverged", "NonFinite"];

    [Fact]
    public void The_keys_of_train_and_evaluate_are_pinned()
    {
        string evaluated = CliRun.Of("evaluate", "--model", model.Path, "--threads", "1", "--json").Succeeded().LastLine;
        foreach (string line in (string[])[model.Training.LastLine, evaluated])
        {
            using JsonDocument json = JsonDocument.Parse(line);
            Assert.Equal(Keys, json.RootElement.EnumerateObject().Select(member => member.Name));
            Assert.Equal(Statuses, json.RootElement.GetProperty("statuses").EnumerateObject().Select(member => member.Name));
        }
    }

    [Fact]
    public void The_keys_of_predict_and_info_are_pinned()
    {
        using TemporaryFolder folder = new();
        string image = TestImages.Write(folder["two.png"]);
        using JsonDocument predicted = JsonDocument.Parse(CliRun.Of("predict", "--model", model.Path, image, "--json").Succeeded().LastLine);
        Assert.Equal(["model", "images", "seconds"], predicted.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            ["path", "class", "name", "probabilities", "steps", "status", "residual"],
            predicted.RootElement.GetProperty("images")[0].EnumerateObject().Select(member => member.Name));
        using JsonDocument told = JsonDocument.Parse(CliRun.Of("info", "--model", model.Path, "--json").Succeeded().LastLine);
        Assert.Equal(
            ["environment", "threads", "devices", "model", "config", "parameters", "gammaDeclared", "gammaCertified", "sha256"],
            told.RootElement.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public void The_keys_of_solve_are_pinned()
    {
        using TemporaryFolder folder = new();
        using JsonDocument solved = JsonDocument.Parse(CliRun.Of("solve", "--problem", "cosine", "--output", folder["charts"], "--json").Succeeded().LastLine);
        Assert.Equal(
            ["problem", "model", "title", "samples", "tolerance", "absoluteTolerance", "maxSteps", "threads", "device", "solvers", "charts"],
            solved.RootElement.EnumerateObject().Select(member => member.Name));
        JsonElement solver = solved.RootElement.GetProperty("solvers")[0];
        Assert.Equal(
            ["name", "statuses", "meanSteps", "maxSteps", "evaluations", "seconds", "runs", "medianResidual", "worstResidual"],
            solver.EnumerateObject().Select(member => member.Name));
        Assert.Equal(Statuses, solver.GetProperty("statuses").EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public void What_is_not_finite_is_null()
    {
        string json = JsonSerializer.Serialize(
            new ImplicitNet.Cli.ClassifierResult { TestLoss = double.NaN, GammaMeasured = double.PositiveInfinity }, ImplicitNet.Cli.ResultJson.Default.ClassifierResult);
        Assert.Contains("\"testLoss\":null", json, StringComparison.Ordinal);
        Assert.Contains("\"gammaMeasured\":null", json, StringComparison.Ordinal);
    }
}
