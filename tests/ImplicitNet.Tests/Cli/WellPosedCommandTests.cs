using System.Text.Json;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Cli;

/// <summary>Networks with a flat latent that contracts in the maximum norm, and the commands on them.</summary>
public sealed class WellPosedCommandTests : TensorTest
{
    [Theory]
    [InlineData(null, 78_500 + 10_000 + 1_010)]
    [InlineData(10, 78_500 + 2_000 + 1_010)]
    public void The_network_has_n_squared_weights_or_2_n_k_and_contracts_in_the_maximum_norm(int? rank, long parameters)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        WellPosedClassifierOptions options = new() { Rank = rank, Gamma = 0.8 };
        using ImplicitNetwork network = options.CreateNetwork();
        Assert.Equal(parameters, network.parameters().Sum(parameter => parameter.numel()));
        IContraction contraction = Assert.IsType<ContractionOperator>(network.Layer.Operator);
        Assert.Equal((0.8, ResidualNorm.Max), (contraction.DeclaredFactor, contraction.Norm));
        network.Layer.Operator.parameters().First().mul_(30);
        Assert.InRange(contraction.CertifyFactor(), 0.79, 0.8);
        using ImplicitResult result = network.Run(randn(5, 1, 28, 28));
        Assert.Equal((true, 5L, 10L), (result.Report.AllConverged, result.Output.shape[0], result.Output.shape[1]));
    }

    [Fact]
    public void Bad_sizes_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new WellPosedClassifierOptions { Rank = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new WellPosedClassifierOptions { States = 0 });
        Assert.Contains("Rank is 5, and A has 4 rows", Assert.Throws<ArgumentException>(
            () => new WellPosedClassifierOptions { States = 4, Rank = 5 }.CreateNetwork()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("well-posed", null)]
    [InlineData("well-posed-low-rank", 3)]
    public void They_are_trained_evaluated_audited_and_told_about(string name, int? rank)
    {
        using TemporaryFolder folder = new();
        string[] more = rank is null ? [] : ["--rank", "3"];
        CliRun run = CliRun.Of(TinyModel.Arguments(["--output", folder["run"], "--network", name, "--json", .. more])).Succeeded();
        Assert.Contains("contraction factor 0.95 in the maximum norm", run.Output, StringComparison.Ordinal);
        ModelConfig config = (ModelConfig)ModelFolder.LoadConfig(folder["run"]);
        Assert.Equal(new WellPosedClassifierOptions { Rank = rank }, config.Network);
        JsonElement result = Result(run);
        Assert.Equal(("maximum", 0.95), (result.GetProperty("gammaNorm").GetString(), result.GetProperty("gammaDeclared").GetDouble()));
        Assert.Equal(60, result.GetProperty("statuses").GetProperty("Converged").GetInt32());
        Assert.Equal(JsonValueKind.Null, result.GetProperty("monotonicityCertified").ValueKind);
        JsonElement again = Result(CliRun.Of("evaluate", "--model", folder["run"], "--threads", "1", "--json"));
        Assert.Equal(result.GetProperty("loss").GetDouble(), again.GetProperty("loss").GetDouble(), 1e-6);
        Result(CliRun.Of("audit", "--model", folder["run"], "--count", "8", "--conditions", "0", "--threads", "1", "--json"));
        Assert.Contains($"{name}{(rank is null ? "" : ", rank 3")}   100 latent channels of 1 x 1; gamma 0.95", CliRun.Of("info", "--model", folder["run"]).Succeeded().Output, StringComparison.Ordinal);
        CliRun.Of("evaluate", "--model", folder["run"], "--solver", "forward-backward").Failed(2, "--solver forward-backward: a splitting is for a monotone network; this one is well-posed-classifier.");
        CliRun.Of(TinyModel.Arguments(["--output", folder["twin"], "--network", name, "--explicit", .. more])).Succeeded();
    }

    [Theory]
    [InlineData("--rank 3: it is for well-posed networks of low rank alone (--network well-posed-low-rank).", "well-posed", "--rank", "3")]
    [InlineData("--rank 3 is not for a network mnist-fpn.", "mnist-fpn", "--rank", "3")]
    [InlineData("--rank must be a whole number from 1 to 100", "well-posed-low-rank", "--rank", "101")]
    [InlineData("--solver peaceman-rachford: a splitting is for monotone networks alone", "well-posed", "--solver", "peaceman-rachford")]
    public void What_does_not_go_together_is_refused_in_a_line(string message, string network, params string[] more)
    {
        using TemporaryFolder folder = new();
        CliRun.Of(["train", "--data", "digits", "--network", network, "--output", folder["run"], .. more]).Failed(2, message);
        Assert.False(Directory.Exists(folder["run"]));
    }

    private static JsonElement Result(CliRun run)
    {
        using JsonDocument document = JsonDocument.Parse(run.Succeeded().LastLine);
        return document.RootElement.Clone();
    }
}
