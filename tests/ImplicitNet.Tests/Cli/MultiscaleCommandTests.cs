using System.Text.Json;
using ImplicitNet.Models;

namespace ImplicitNet.Tests.Cli;

/// <summary>The commands on a multiscale network.</summary>
public sealed class MultiscaleCommandTests : TensorTest
{
    private static readonly string[] Multiscale = ["--network", "multiscale", "--channels", "4"];

    [Fact]
    public void A_multiscale_network_is_trained_evaluated_audited_and_told_about()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(Arguments(["--output", folder["run"], "--json", "--jacobian-penalty", "0.1", .. Multiscale])).Succeeded();
        Assert.Contains("Training a multiscale classifier on digits, by JFB", run.Output, StringComparison.Ordinal);
        Assert.Contains("multiscale, 2 scales of 4 channels", run.Output, StringComparison.Ordinal);
        ModelConfig config = (ModelConfig)ModelFolder.LoadConfig(folder["run"]);
        Assert.Equal(new MultiscaleClassifierOptions { Height = 28, Width = 28, ImageChannels = 1, LatentChannels = 4 }, config.Network);
        JsonElement result = Result(run);
        Assert.Equal("multiscale-classifier", result.GetProperty("network").GetString());
        Assert.Equal(JsonValueKind.Null, result.GetProperty("gammaCertified").ValueKind);
        JsonElement again = Result(CliRun.Of("evaluate", "--model", folder["run"], "--threads", "1", "--json"));
        Assert.Equal(result.GetProperty("loss").GetDouble(), again.GetProperty("loss").GetDouble(), 1e-5);
        Assert.Contains(
            "multiscale, 2 scales of 4 channels   4 latent channels of 28 x 28 and 14 x 14",
            CliRun.Of("info", "--model", folder["run"]).Succeeded().Output, StringComparison.Ordinal);
        CliRun.Of("evaluate", "--model", folder["run"], "--gamma", "0.5").Failed(2, "is a model multiscale-classifier, which has none.");
    }

    [Theory]
    [InlineData("--gamma 0.5 is not for a network multiscale. Leave it out, or name another by --network.", "--gamma", "0.5")]
    [InlineData("--published", "--published")]
    [InlineData("--latent-layers 2 is not for a network multiscale.", "--latent-layers", "2")]
    [InlineData("--monotonicity 2 is not for a network multiscale.", "--monotonicity", "2")]
    [InlineData("--channels must be a whole number from 1 to 1024", "--channels", "0")]
    [InlineData("--solver forward-backward: a splitting is for monotone networks alone", "--solver", "forward-backward")]
    [InlineData("--gradient phantom", "--explicit", "--gradient", "phantom")]
    public void What_does_not_go_together_is_refused_in_a_line(string message, params string[] more)
    {
        using TemporaryFolder folder = new();
        CliRun.Of(["train", "--data", "digits", "--network", "multiscale", "--output", folder["run"], .. more]).Failed(2, message);
        Assert.False(Directory.Exists(folder["run"]));
    }

    private static string[] Arguments(params string[] more) =>
        ["train", "--data", "digits", "--images", "40", "--validation", "10", "--test-images", "10", "--epochs", "1", "--batch", "20", "--max-steps", "9", "--threads", "1", .. more];

    private static JsonElement Result(CliRun run)
    {
        using JsonDocument document = JsonDocument.Parse(run.Succeeded().LastLine);
        return document.RootElement.Clone();
    }
}
