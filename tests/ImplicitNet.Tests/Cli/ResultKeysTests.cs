using System.Text.Json;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Options;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Tests.Cli;

/// <summary>The names that train and evaluate print under --json are an interface: others read them.</summary>
public sealed class ResultKeysTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    private static readonly string[] Keys =
    [
        "testAccuracy", "validationAccuracy", "trainAccuracy", "testLoss", "validationLoss", "trainLoss", "parameters", "gammaDeclared", "gammaCertified",
        "gammaMeasured", "meanSteps", "statuses", "evaluations", "epochs", "bestEpoch", "secondsPerEpoch", "seconds", "peakMemoryBytes", "data", "split",
        "samples", "seed", "threads", "device", "model", "gradient", "trainingEvaluations", "trainingProducts", "adjointFailures", "score", "ranks", "starts", "agreement", "remarks",
        "scores", "tests", "pictures", "maxSteps", "network", "loss", "accuracy", "counted", "meanEvaluations", "gammaNorm", "errorBound", "errorNorm", "monotonicityDeclared", "monotonicityCertified", "lipschitzBound", "restorations", "beside", "charts", "certifiedAccuracy",
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
            Assert.Equal(["name", "test", "validation"], json.RootElement.GetProperty("score").EnumerateObject().Select(member => member.Name));
            Assert.Equal(1, json.RootElement.GetProperty("ranks").GetInt32());
            Assert.Equal(("L2", "L2"), (json.RootElement.GetProperty("gammaNorm").GetString(), json.RootElement.GetProperty("errorNorm").GetString()));
            Assert.InRange(json.RootElement.GetProperty("errorBound").GetDouble(), 1e-9, 1);
        }
    }

    /// <summary>The number that chose the epoch, which for a classifier is the accuracy.</summary>
    [Fact]
    public void The_score_is_that_by_which_the_epoch_was_chosen()
    {
        using JsonDocument trained = JsonDocument.Parse(model.Training.LastLine);
        JsonElement score = trained.RootElement.GetProperty("score");
        Assert.Equal("accuracy", score.GetProperty("name").GetString());
        Assert.Equal(trained.RootElement.GetProperty("testAccuracy").GetDouble(), score.GetProperty("test").GetDouble());
        Assert.Equal(trained.RootElement.GetProperty("validationAccuracy").GetDouble(), score.GetProperty("validation").GetDouble());
        foreach ((string split, string known, string unknown) in ((string, string, string)[])[("test", "test", "validation"), ("validation", "validation", "test")])
        {
            using JsonDocument evaluated = JsonDocument.Parse(CliRun.Of("evaluate", "--model", model.Path, "--split", split, "--json").Succeeded().LastLine);
            Assert.Equal(score.GetProperty(known).GetDouble(), evaluated.RootElement.GetProperty("score").GetProperty(known).GetDouble());
            Assert.Equal(JsonValueKind.Null, evaluated.RootElement.GetProperty("score").GetProperty(unknown).ValueKind);
        }
    }

    [Fact]
    public void A_task_without_right_answers_has_no_accuracy_and_its_loss_for_a_score()
    {
        EvaluationResult evaluation = new() { Count = 3, Loss = 0.25, Scores = new Dictionary<string, double> { ["r2"] = 0.75 }, Solver = new SolverTotals(), Seconds = 1 };
        string json = JsonSerializer.Serialize(
            SplitChoice.Place(new RunResult(), SplitChoice.Test, new Regression(), evaluation), ResultJson.Default.RunResult);
        Assert.Contains("\"testAccuracy\":null,\"validationAccuracy\":null", json, StringComparison.Ordinal);
        Assert.Contains("\"testLoss\":0.25", json, StringComparison.Ordinal);
        Assert.Contains("\"gammaCertified\":null", json, StringComparison.Ordinal);
        Assert.Contains("\"score\":{\"name\":\"loss\",\"test\":0.25,\"validation\":null}", json, StringComparison.Ordinal);
    }

    [Fact]
    public void The_keys_of_predict_and_info_are_pinned()
    {
        using TemporaryFolder folder = new();
        string image = TestImages.Write(folder["two.png"]);
        using JsonDocument predicted = JsonDocument.Parse(CliRun.Of("predict", "--model", model.Path, image, "--json").Succeeded().LastLine);
        Assert.Equal(["model", "images", "seconds", "starts"], predicted.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            ["path", "class", "name", "probabilities", "steps", "status", "residual", "agreement", "margin", "ink", "strokeWidth", "doubts", "error", "errorBound", "errorNorm"],
            predicted.RootElement.GetProperty("images")[0].EnumerateObject().Select(member => member.Name));
        using JsonDocument told = JsonDocument.Parse(CliRun.Of("info", "--model", model.Path, "--json").Succeeded().LastLine);
        Assert.Equal(
            ["environment", "threads", "devices", "convolutions", "mpiLibrary", "mpiAbi", "ranks", "model", "config", "parameters", "gammaDeclared", "gammaCertified", "sha256", "gammaNorm", "monotonicityDeclared", "monotonicityCertified", "lipschitzBound"],
            told.RootElement.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public void The_keys_of_solve_are_pinned()
    {
        using TemporaryFolder folder = new();
        using JsonDocument solved = JsonDocument.Parse(CliRun.Of("solve", "--problem", "cosine", "--output", folder["charts"], "--json").Succeeded().LastLine);
        Assert.Equal(
            ["problem", "model", "title", "samples", "tolerance", "absoluteTolerance", "maxSteps", "threads", "device", "solvers", "charts", "page", "errorNorm"],
            solved.RootElement.EnumerateObject().Select(member => member.Name));
        JsonElement solver = solved.RootElement.GetProperty("solvers")[0];
        Assert.Equal(
            ["name", "statuses", "meanSteps", "maxSteps", "evaluations", "seconds", "runs", "medianResidual", "worstResidual", "errorBound"],
            solver.EnumerateObject().Select(member => member.Name));
        Assert.Equal(Statuses, solver.GetProperty("statuses").EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public void What_is_not_finite_is_null()
    {
        string json = JsonSerializer.Serialize(
            new ImplicitNet.Cli.RunResult { TestLoss = double.NaN, GammaMeasured = double.PositiveInfinity }, ImplicitNet.Cli.ResultJson.Default.RunResult);
        Assert.Contains("\"testLoss\":null", json, StringComparison.Ordinal);
        Assert.Contains("\"gammaMeasured\":null", json, StringComparison.Ordinal);
    }
}
