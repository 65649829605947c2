using System.Text.Json;
using ImplicitNet.Cli;

namespace ImplicitNet.Tests.Cli;

/// <summary>evaluate and predict --starts: how far several starts agree, and the best of them.</summary>
public sealed class StartsTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    [Fact]
    public void A_contraction_answers_the_same_from_every_start_and_says_so_of_every_sample()
    {
        CliRun run = Run("evaluate", "--tolerance", "1e-5", "--starts", "4");
        JsonElement result = Last(run);
        JsonElement agreement = result.GetProperty("agreement");
        Assert.Equal((4, 4), (result.GetProperty("starts").GetInt32(), agreement.GetProperty("starts").GetInt32()));
        Assert.Equal((60, 60), (agreement.GetProperty("convergedFromAll").GetInt32(), agreement.GetProperty("sameAnswers").GetInt32()));
        JsonElement[] samples = [.. agreement.GetProperty("samples").EnumerateArray()];
        Assert.Equal(60, samples.Length);

        // gamma is 0.5: two iterates of residual r are at most 2 r / (1 - gamma) apart.
        Assert.All(samples, sample => Assert.InRange(sample.GetProperty("distance").GetDouble(), 0, 4e-5));
        Assert.All(samples, sample => Assert.True(sample.GetProperty("sameAnswer").GetBoolean()));
        Assert.Equal(samples.Max(sample => sample.GetProperty("distance").GetDouble()), agreement.GetProperty("distance").GetDouble());
        Assert.Equal(samples.Min(sample => sample.GetProperty("cosine").GetDouble()), agreement.GetProperty("cosine").GetDouble());
        JsonElement alone = Last(Run("evaluate", "--tolerance", "1e-5"));
        Assert.Equal(alone.GetProperty("testAccuracy").GetDouble(), result.GetProperty("testAccuracy").GetDouble());
        Assert.True(result.GetProperty("evaluations").GetInt64() > 3 * alone.GetProperty("evaluations").GetInt64());
        Assert.Contains("60 of 60 answers the same", run.Output, StringComparison.Ordinal);
        Assert.Contains("60 converged from all 4", run.Output, StringComparison.Ordinal);
        Assert.All(run.Output.Split('\n').Where(line => line.Contains("starts", StringComparison.Ordinal) || line.Contains("apart", StringComparison.Ordinal)), line => Assert.InRange(line.StartsWith('{') ? 0 : line.Length, 0, 80));
    }

    [Fact]
    public void With_an_output_the_chart_says_whether_agreement_tells_right_from_wrong()
    {
        using TemporaryFolder folder = new();
        CliRun run = Run("evaluate", "--starts", "3", "--output", folder.Path);
        Assert.Equal(["starts.png", "starts.svg"], folder.Names);

        // All agree, since R contracts, and so agreement says nothing.
        Assert.Matches("area +(0.500|none) ", run.Output);
        JsonElement area = Last(run).GetProperty("agreement").GetProperty("area");
        Assert.True(area.ValueKind == JsonValueKind.Null || area.GetDouble() == 0.5, area.ToString());
        Assert.Matches("most starts +[0-9.]+ % +[0-9]+ of the answers that most starts came to are right", run.Output);
        Assert.Contains("are the same from all 3 starts", File.ReadAllText(folder["starts.svg"]), StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_converge_is_no_agreement()
    {
        CliRun run = Run("evaluate", "--max-steps", "1", "--starts", "2");
        JsonElement agreement = Last(run).GetProperty("agreement");
        Assert.Equal((0, 0), (agreement.GetProperty("convergedFromAll").GetInt32(), agreement.GetProperty("sameAnswers").GetInt32()));
        Assert.Equal(JsonValueKind.Null, agreement.GetProperty("distance").ValueKind);
        Assert.All(agreement.GetProperty("samples").EnumerateArray(), sample => Assert.Equal(JsonValueKind.Null, sample.GetProperty("sameAnswer").ValueKind));
        Assert.Contains("0 of 0 answers the same", run.Output, StringComparison.Ordinal);
    }

    /// <summary>Where all converge they end at different residuals below the tolerance: the answer is that of the smallest.</summary>
    [Fact]
    public void Predict_takes_the_answer_with_the_smallest_residual()
    {
        using TemporaryFolder folder = new();
        string[] pictures = [TestImages.Write(folder["a.png"]), TestImages.Write(folder["b.jpg"])];
        string[] anderson = ["predict", "--solver", "anderson", "--tolerance", "1e-4"];
        JsonElement[] one = Images(Run([.. anderson, .. pictures]));
        JsonElement[] several = Images(Run([.. anderson, "--starts", "30", .. pictures]));
        Assert.All(one.Zip(several), pair => Assert.True(Residual(pair.Second) <= Residual(pair.First)));
        Assert.True(several.Sum(Residual) < one.Sum(Residual), $"{several.Sum(Residual)} of {one.Sum(Residual)}");
        Assert.All(one, image => Assert.Equal(JsonValueKind.Null, image.GetProperty("agreement").ValueKind));
        Assert.All(several, image => Assert.Equal(30, image.GetProperty("agreement").GetProperty("converged").GetInt32()));
    }

    [Fact]
    public void Predict_says_of_every_picture_how_its_starts_agree()
    {
        using TemporaryFolder folder = new();
        string[] pictures = [TestImages.Write(folder["a.png"]), TestImages.Write(folder["b.jpg"])];
        CliRun run = Run(["predict", "--starts", "3", .. pictures]);
        Assert.Equal(3, Last(run).GetProperty("starts").GetInt32());
        Assert.All(Images(run), image => Assert.Equal(3, image.GetProperty("agreement").GetProperty("converged").GetInt32()));
        Assert.All(Images(run), image => Assert.True(image.GetProperty("agreement").GetProperty("sameAnswer").GetBoolean()));
        Assert.Equal(2, run.Output.Split("3 starts agree").Length - 1);
        Assert.Contains("0 starts converged", Run(["predict", "--starts", "3", "--max-steps", "1", .. pictures]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_are_summed_up_by_those_that_are_known()
    {
        StartsResult result = StartsResult.Of(3,
        [
            new() { Converged = 3, Distance = 0.5, Cosine = 0.25, SameAnswer = false },
            new() { Converged = 2, Distance = 0.125, Cosine = 1, SameAnswer = true },
            new() { Converged = 1, Distance = double.NaN, Cosine = double.NaN },
        ]);
        Assert.Equal((1, 1, 0.5, 0.25), (result.ConvergedFromAll, result.SameAnswers, result.Distance, result.Cosine));
        Assert.Null(result.Samples[2].Distance);
    }

    [Theory]
    [InlineData("--starts must be a whole number from 1 to 100; given 0.", "--starts", "0")]
    [InlineData("--starts does not go with --applications", "--starts", "2", "--applications", "1,2")]
    [InlineData("--output is for the charts of --applications or of --starts from 2 on", "--output", "x")]
    [InlineData("--output is for the charts of --applications or of --starts from 2 on", "--output", "x", "--starts", "1")]
    public void What_cannot_be_is_refused_in_one_line(string expected, params string[] options) =>
        CliRun.Of(["evaluate", "--model", model.Path, .. options]).Failed(2, expected);

    private CliRun Run(params string[] arguments) => CliRun.Of([.. arguments, "--model", model.Path, "--threads", "1", "--json"]).Succeeded();

    private static JsonElement[] Images(CliRun run) => [.. Last(run).GetProperty("images").EnumerateArray()];

    private static double Residual(JsonElement image) => image.GetProperty("residual").GetDouble();

    private static JsonElement Last(CliRun run)
    {
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        return json.RootElement.Clone();
    }
}
