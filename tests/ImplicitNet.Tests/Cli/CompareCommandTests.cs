using System.Globalization;
using System.Text.Json;
using ImplicitNet.Cli.Commands;

namespace ImplicitNet.Tests.Cli;

public sealed class CompareCommandTests : TensorTest
{
    [Fact]
    public void Gradients_are_compared_on_the_same_network_and_data_and_what_is_complete_is_not_run_again()
    {
        using TemporaryFolder folder = new();
        string output = folder["compared"];
        CliRun run = CliRun.Of(Arguments(output, "jfb,neumann:0", "--json")).Succeeded();

        // No term of the series is JFB: with the same weights, order and images the two runs end alike, bit by bit.
        Assert.Equal(Weights(output, "jfb-seed1"), Weights(output, "neumann-0-seed1"));
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        JsonElement[] gradients = [.. json.RootElement.GetProperty("gradients").EnumerateArray()];
        Assert.Equal(["jfb", "neumann:0"], gradients.Select(one => one.GetProperty("gradient").GetString()));
        Assert.Equal(
            gradients[0].GetProperty("testAccuracy").GetProperty("mean").GetDouble(), gradients[1].GetProperty("testAccuracy").GetProperty("mean").GetDouble());
        Assert.InRange(gradients[0].GetProperty("cosine").GetProperty("mean").GetDouble(), 0.5, 0.9999);
        Assert.Equal(JsonValueKind.Null, gradients[0].GetProperty("testAccuracy").GetProperty("deviation").ValueKind);
        Page page = Page.Read(json.RootElement.GetProperty("page").GetString()!);
        Assert.Equal(["jfb", "neumann:0"], page.Column("Accuracy, work and time", "Gradient"));
        Assert.StartsWith("digits, ", page.Summary, StringComparison.Ordinal);
        Assert.Contains(", 1 epoch, ", page.Summary, StringComparison.Ordinal);
        Assert.EndsWith("; seed 1.", page.Summary, StringComparison.Ordinal);
        Assert.DoesNotContain("deviation", File.ReadAllText(Path.Combine(output, "comparison.md")) + File.ReadAllText(Path.Combine(output, "comparison.html")), StringComparison.Ordinal);
        Assert.Equal(4, page.Charts);
        Assert.Contains(Path.Combine(output, "comparison.html"), run.Output, StringComparison.Ordinal);
        string[] names = ["accuracy-by-epoch", "accuracy-by-second", "seconds", "work"];
        Assert.All(names, name => Assert.True(Directory.EnumerateFiles(output, $"{name}.*").Count() == 2, name));
        Assert.Equal(3, File.ReadAllLines(Path.Combine(output, "comparison.csv")).Length);

        DateTime before = File.GetLastWriteTimeUtc(Checkpoint(output, "jfb-seed1"));
        File.Delete(Path.Combine(output, "runs", "neumann-0-seed1", "result.json"));
        CliRun.Of(Arguments(output, "jfb,neumann:0,refined:1")).Succeeded();
        Assert.Equal(before, File.GetLastWriteTimeUtc(Checkpoint(output, "jfb-seed1")));
        Assert.True(File.Exists(Path.Combine(output, "runs", "neumann-0-seed1", "result.json")));
        Assert.Equal(4, File.ReadAllLines(Path.Combine(output, "comparison.csv")).Length);

        CliRun.Of(Arguments(output, "jfb,neumann:7", "--gamma", "0.7")).Failed(2, "--gamma 0.7", "0.5");
        Assert.False(Directory.Exists(Path.Combine(output, "runs", "neumann-7-seed1")));
    }

    [Fact]
    public void The_explicit_twin_is_one_of_the_list()
    {
        using TemporaryFolder folder = new();
        string output = folder["compared"];
        CliRun run = CliRun.Of(Arguments(output, "jfb,implicit:cg-normal,explicit", "--published", "--max-steps", "2", "--json")).Succeeded();
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        JsonElement[] gradients = [.. json.RootElement.GetProperty("gradients").EnumerateArray()];
        Assert.Equal(["jfb", "implicit:cg-normal", "explicit"], gradients.Select(one => one.GetProperty("gradient").GetString()));
        Assert.Equal(1, gradients[0].GetProperty("secondsToJacobianFree").GetDouble());
        Assert.Equal(0, gradients[2].GetProperty("products").GetProperty("mean").GetDouble());
        Assert.Equal(JsonValueKind.Null, gradients[2].GetProperty("cosine").ValueKind);
        string settings = File.ReadAllText(Path.Combine(output, "runs", "explicit-seed1", "run.json"));
        Assert.Contains("\"explicit\": true", settings, StringComparison.Ordinal);
        Assert.Contains("\"gradient\": \"jfb\"", settings, StringComparison.Ordinal);
        Assert.Contains("mnist-fpn, published form (batch norm in R)", File.ReadAllText(Path.Combine(output, "comparison.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_fails_is_named_and_the_others_are_reported()
    {
        using TemporaryFolder folder = new();
        string output = folder["compared"];
        CliRun.Of(Arguments(output, "jfb")).Succeeded();
        Directory.CreateDirectory(Checkpoint(output, "phantom-2-0.5-seed1"));
        CliRun run = CliRun.Of(Arguments(output, "jfb,phantom:2")).Failed(1, "1 of 2 runs failed", "phantom:2:0.5 with seed 1", "checkpoint.safetensors");
        Assert.Contains("jfb", run.Output, StringComparison.Ordinal);
        Assert.Contains("they failed: phantom:2:0.5 with seed 1", File.ReadAllText(Path.Combine(output, "comparison.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void One_seed_has_no_mean_and_several_are_named()
    {
        Assert.Equal("seed 2", ComparisonRun.Over([2]));
        Assert.Equal("mean ± standard deviation over seeds 1, 2, -3", ComparisonRun.Over([1, 2, -3]));
    }

    [Theory]
    [InlineData("--gradients", "jfb,lu", "--gradient must be one of jfb, neumann:TERMS")]
    [InlineData("--gradients", "", "given .")]
    [InlineData("--gradients", "neumann,neumann:3", "neumann:3 is there more than once")]
    [InlineData("--gradients", "jfb,inverse-reuse", "--solver broyden")]
    [InlineData("--seeds", "1,x", "given 1,x")]
    [InlineData("--seeds", "1,1", "1 is there more than once")]
    [InlineData("--gradient", "jfb", "not understood")]
    [InlineData("--explicit", "true", "not understood")]
    [InlineData("--gradients", "explicit,jfb,explicit", "explicit is there more than once")]
    public void What_cannot_be_compared_is_refused_before_anything_is_written(string option, string value, string expected)
    {
        using TemporaryFolder folder = new();
        CliRun.Of("compare", "--output", folder["compared"], option, value).Failed(2, expected);
        Assert.Empty(folder.Names);
    }

    private static string[] Arguments(string output, string gradients, params string[] more) =>
    [
        "compare", "--data", "digits", "--gradients", gradients, "--seeds", 1.ToString(CultureInfo.InvariantCulture), "--images", "60", "--validation", "20", "--test-images", "20",
        "--epochs", "1", "--batch", "20", "--threads", "1", "--cosines", "1", "--output", output, .. more,
    ];

    private static byte[] Weights(string output, string run) => File.ReadAllBytes(Path.Combine(output, "runs", run, "model.safetensors"));

    private static string Checkpoint(string output, string run) => Path.Combine(output, "runs", run, "checkpoint.safetensors");
}
