using System.Text.Json;
using ImplicitNet.Models;

namespace ImplicitNet.Tests.Cli;

/// <summary>The commands on a robust network.</summary>
public sealed class RobustCommandTests : TensorTest
{
    [Fact]
    public void A_robust_network_is_trained_evaluated_audited_and_told_about()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(Arguments(folder["run"], "--json", "--margin", "0.5")).Succeeded();
        Assert.Contains("Training a robust classifier on digits, by JFB", run.Output, StringComparison.Ordinal);
        Assert.Contains("robust, 16 states, margin 0.5", run.Output, StringComparison.Ordinal);
        ModelConfig config = (ModelConfig)ModelFolder.LoadConfig(folder["run"]);
        Assert.Equal(new RobustClassifierOptions { States = 16 }, config.Network);

        // Distances are those of the pixels.
        Assert.Equal([1.0], config.PixelDeviation!);
        JsonElement result = Result(run);
        Assert.Equal("robust-classifier", result.GetProperty("network").GetString());
        Assert.InRange(result.GetProperty("gammaCertified").GetDouble(), 0.45, 0.5);
        Assert.Equal(10, result.GetProperty("statuses").GetProperty("Converged").GetInt32());
        Assert.InRange(result.GetProperty("scores").GetProperty("within").GetDouble(), 0, result.GetProperty("testAccuracy").GetDouble());

        // The margin of the run is what its loss is measured by afterwards.
        JsonElement again = Result(CliRun.Of("evaluate", "--model", folder["run"], "--threads", "1", "--json"));
        Assert.Equal(result.GetProperty("loss").GetDouble(), again.GetProperty("loss").GetDouble(), 1e-6);
        Assert.Contains("within", CliRun.Of("evaluate", "--model", folder["run"], "--threads", "1").Succeeded().Output, StringComparison.Ordinal);
        JsonElement certified = Result(CliRun.Of("evaluate", "--model", folder["run"], "--threads", "1", "--certify", "0.01", "--json"));
        Assert.InRange(certified.GetProperty("certifiedAccuracy").GetProperty("0.01").GetDouble(), 0, result.GetProperty("testAccuracy").GetDouble());
        Result(CliRun.Of("audit", "--model", folder["run"], "--count", "4", "--conditions", "0", "--threads", "1", "--json"));
        Assert.Contains(
            "robust, 16 states   16 latent channels of 1 x 1; gamma 0.5",
            CliRun.Of("info", "--model", folder["run"]).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_goes_on_with_its_margin_and_with_no_other()
    {
        using TemporaryFolder folder = new();
        double loss = Result(CliRun.Of(Arguments(folder["run"], "--margin", "0.25", "--json"))).GetProperty("testLoss").GetDouble();
        CliRun.Of("train", "--resume", "--output", folder["run"], "--margin", "2").Failed(2, "--margin 2: the run was started with 0.25.");
        File.Delete(Path.Combine(folder["run"], "result.json"));
        JsonElement again = Result(CliRun.Of("train", "--resume", "--output", folder["run"], "--json"));
        Assert.Equal(loss, again.GetProperty("testLoss").GetDouble());
        JsonElement other = Result(CliRun.Of(Arguments(folder["other"], "--margin", "0.5", "--json")));
        Assert.NotEqual(loss, other.GetProperty("testLoss").GetDouble());
    }

    [Theory]
    [InlineData("robust", "--published", "--published")]
    [InlineData("robust", "--latent-layers 2 is not for a network robust.", "--latent-layers", "2")]
    [InlineData("robust", "--margin must be", "--margin", "-1")]
    [InlineData("robust", "--channels must be a whole number from 1 to 1024", "--channels", "0")]
    [InlineData("mnist-fpn", "--margin 1 is not for a network mnist-fpn.", "--margin", "1")]
    public void What_does_not_go_together_is_refused_in_a_line(string network, string message, params string[] more)
    {
        using TemporaryFolder folder = new();
        CliRun.Of(["train", "--data", "digits", "--network", network, "--output", folder["run"], .. more]).Failed(2, message);
        Assert.False(Directory.Exists(folder["run"]));
    }

    private static string[] Arguments(string output, params string[] more) =>
    [
        "train", "--data", "digits", "--network", "robust", "--channels", "16", "--images", "40", "--validation", "10", "--test-images", "10",
        "--batch", "20", "--threads", "1", "--epochs", "1", "--output", output, .. more,
    ];

    private static JsonElement Result(CliRun run)
    {
        using JsonDocument document = JsonDocument.Parse(run.Succeeded().LastLine);
        return document.RootElement.Clone();
    }
}
