using System.Text.Json;
using ImplicitNet.Models;
using ImplicitNet.Operators;

namespace ImplicitNet.Tests.Cli;

/// <summary>The commands on a network with one monotone convolution.</summary>
public sealed class MonotoneCommandTests : TensorTest
{
    private static readonly string[] Monotone = ["--network", "monotone", "--channels", "4"];

    [Fact]
    public void A_monotone_network_is_trained_evaluated_audited_and_told_about()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(TinyModel.Arguments(["--output", folder["run"], "--monotonicity", "0.5", "--json", .. Monotone])).Succeeded();
        Assert.Contains("Training a monotone classifier on digits, by JFB", run.Output, StringComparison.Ordinal);
        Assert.Contains("monotone, one convolution W with I - W at least 0.5", run.Output, StringComparison.Ordinal);
        Assert.Contains("peaceman-rachford, tolerance 0.001", run.Output, StringComparison.Ordinal);
        ModelConfig config = (ModelConfig)ModelFolder.LoadConfig(folder["run"]);
        Assert.Equal("peaceman-rachford", config.Solver);
        Assert.Equal((4, 0.5), (((MonotoneClassifierOptions)config.Network).LatentChannels, ((MonotoneClassifierOptions)config.Network).Monotonicity));
        JsonElement result = Result(run);
        Assert.Equal(60, result.GetProperty("statuses").GetProperty("Converged").GetInt32());
        Assert.InRange(result.GetProperty("monotonicityCertified").GetDouble(), 0.5, 1);
        Assert.Equal(0.5, result.GetProperty("monotonicityDeclared").GetDouble());
        Assert.Contains(" certified   0.5000 declared; norm of I - W at most ", run.Output, StringComparison.Ordinal);
        Assert.Contains("there is one fixed point for every q", File.ReadAllText(folder["run/report.html"]), StringComparison.Ordinal);
        Assert.Equal("monotone-classifier", result.GetProperty("network").GetString());

        foreach (string solver in (string[])["peaceman-rachford", "forward-backward", "anderson"])
        {
            JsonElement again = Result(CliRun.Of("evaluate", "--model", folder["run"], "--solver", solver, "--max-steps", "500", "--threads", "1", "--json"));
            Assert.Equal(60, again.GetProperty("statuses").GetProperty("Converged").GetInt32());
            Assert.Equal(result.GetProperty("loss").GetDouble(), again.GetProperty("loss").GetDouble(), 2e-3);
        }

        Assert.Equal(result.GetProperty("loss").GetDouble(), Result(CliRun.Of("evaluate", "--model", folder["run"], "--threads", "1", "--json")).GetProperty("loss").GetDouble(), 1e-6);
        CliRun.Of("evaluate", "--model", folder["run"], "--gamma", "0.5").Failed(2, "--gamma 0.5: ", "is a model monotone-classifier, which has none.");
        CliRun.Of("evaluate", "--model", folder["run"], "--damping", "0.5").Failed(2, "--damping 0.5: the solver peaceman-rachford takes its step from the network");
        Assert.Contains("monotone   4 latent channels of 9 x 9", CliRun.Of("info", "--model", folder["run"]).Succeeded().Output, StringComparison.Ordinal);
        CliRun audited = CliRun.Of("audit", "--model", folder["run"], "--count", "8", "--conditions", "0", "--threads", "1", "--json");
        JsonElement audit = Result(audited);
        bool isBounded = audit.GetProperty("gradients")[0].GetProperty("directionErrorBound").ValueKind == JsonValueKind.Number;
        string words = isBounded ? "JFB's bound rests on the factor measured at these samples" : "JFB has no bound here";
        Assert.Contains(words, audited.Output, StringComparison.Ordinal);
        JsonElement info = Result(CliRun.Of("info", "--model", folder["run"], "--json"));
        foreach (string name in (string[])["monotonicityDeclared", "monotonicityCertified", "lipschitzBound"])
        {
            Assert.Equal(result.GetProperty(name).GetDouble(), audit.GetProperty(name).GetDouble());
            Assert.Equal(result.GetProperty(name).GetDouble(), info.GetProperty(name).GetDouble());
        }

        JsonElement[] solvers =
        [
            .. Result(CliRun.Of("solve", "--model", folder["run"], "--count", "20", "--damping", "0.9", "--output", folder["solve"], "--json"))
                .GetProperty("solvers").EnumerateArray(),
        ];
        Assert.Equal(SolverChoice.Names, solvers.Select(solver => solver.GetProperty("name").GetString()));
        Assert.All(
            solvers.Where(solver => SolverChoice.IsSplitting(solver.GetProperty("name").GetString()!)),
            solver => Assert.Equal(20, solver.GetProperty("statuses").GetProperty("Converged").GetInt32()));
        string page = File.ReadAllText(folder["run/audit/audit.html"]);
        Assert.Contains("Monotonicity certified", page, StringComparison.Ordinal);
        Assert.Contains(isBounded ? "the factor measured at these samples" : words, page, StringComparison.Ordinal);
        CliRun.Of("train", "--resume", "--output", folder["run"], "--monotonicity", "1").Failed(2, "--monotonicity 1", "started with 0.5");
    }

    [Fact]
    public void Its_explicit_twin_is_trained_too_and_compared()
    {
        using TemporaryFolder folder = new();
        CliRun.Of(TinyModel.Arguments(["--output", folder["run"], "--explicit", "--solver", "peaceman-rachford", .. Monotone])).Succeeded();
        ModelConfig config = (ModelConfig)ModelFolder.LoadConfig(folder["run"]);
        Assert.Equal((true, "picard"), (config.Network.Explicit, config.Solver));
        using ImplicitNet.Networks.ImplicitNetwork network = config.CreateNetwork();
        Assert.IsType<ExplicitOperator>(network.Layer.Operator);
        CliRun.Of(
        [
            "compare", "--data", "digits", "--images", "100", "--validation", "40", "--test-images", "20", "--epochs", "1", "--threads", "1",
            "--output", folder["both"], "--gradients", "jfb,implicit:forward-backward,explicit", "--seeds", "1", .. Monotone,
        ]).Succeeded();
    }

    [Theory]
    [InlineData("--solver forward-backward: a splitting is for monotone networks alone (--network monotone); the network is mnist-fpn.", "--data", "digits", "--solver", "forward-backward")]
    [InlineData("--gradient implicit:peaceman-rachford: a splitting is for monotone networks alone", "--data", "digits", "--gradient", "implicit:peaceman-rachford")]
    [InlineData("the data are sums:8.", "--data", "sums:8", "--solver", "peaceman-rachford")]
    [InlineData("--monotonicity 2 is not for a network mnist-fpn. Leave it out, or name another by --network.", "--data", "digits", "--monotonicity", "2")]
    [InlineData("--gamma 0.5 is not for a network monotone. Leave it out, or name another by --network.", "--data", "digits", "--network", "monotone", "--gamma", "0.5")]
    [InlineData("--published", "--data", "digits", "--network", "monotone", "--published")]
    [InlineData("--latent-layers 2 is not for a network monotone.", "--data", "digits", "--network", "monotone", "--latent-layers", "2")]
    [InlineData("--channels 4 is not for a network mnist-fpn.", "--data", "digits", "--channels", "4")]
    [InlineData("--monotonicity must be a finite number above 0; given 0.", "--data", "digits", "--network", "monotone", "--monotonicity", "0")]
    [InlineData("--lipschitz 0.5: it must be above --monotonicity 1.", "--data", "digits", "--network", "monotone", "--lipschitz", "0.5")]
    [InlineData("--monotonicity 1E+308: 4 m, the limit of the norm, is no finite number.", "--data", "digits", "--network", "monotone", "--monotonicity", "1e308")]
    [InlineData("--memory 3: ", "--data", "digits", "--network", "monotone", "--memory", "3")]
    public void What_does_not_go_together_is_refused_in_a_line(string message, params string[] arguments)
    {
        using TemporaryFolder folder = new();
        CliRun.Of(["train", "--output", folder["run"], .. arguments]).Failed(2, message);
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void Splittings_solve_nothing_but_monotone_models()
    {
        using TemporaryFolder folder = new();
        CliRun.Of("solve", "--problem", "cosine", "--solvers", "picard,forward-backward", "--output", folder["solve"])
            .Failed(2, "--solvers forward-backward: a splitting is for monotone networks alone");
        Assert.False(Directory.Exists(folder["solve"]));
    }

    private static JsonElement Result(CliRun run)
    {
        using JsonDocument document = JsonDocument.Parse(run.Succeeded().LastLine);
        return document.RootElement.Clone();
    }
}
