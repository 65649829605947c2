using System.Text.Json;

namespace ImplicitNet.Tests.Cli;

public sealed class PredictCommandTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    [Fact]
    public void Each_image_gets_probabilities_steps_and_a_status()
    {
        using TemporaryFolder folder = new();
        string[] paths = [TestImages.Write(folder["a.png"]), TestImages.Write(folder["b.jpg"])];
        CliRun run = CliRun.Of(["predict", "--model", model.Path, "--json", .. paths]).Succeeded();
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        JsonElement[] images = [.. json.RootElement.GetProperty("images").EnumerateArray()];
        Assert.Equal(paths, images.Select(image => image.GetProperty("path").GetString()));
        foreach (JsonElement image in images)
        {
            double[] shares = [.. image.GetProperty("probabilities").EnumerateArray().Select(share => share.GetDouble())];
            Assert.Equal(1, shares.Sum(), 4);
            Assert.Equal(Array.IndexOf(shares, shares.Max()), image.GetProperty("class").GetInt32());
            Assert.Equal("Converged", image.GetProperty("status").GetString());
            Assert.InRange(image.GetProperty("steps").GetInt32(), 2, 20);
        }

        Assert.All(paths, path => Assert.Contains(path, run.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void A_solve_that_does_not_converge_is_reported_as_such()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of("predict", "--model", model.Path, "--max-steps", "1", TestImages.Write(folder["a.png"])).Succeeded();
        Assert.Contains("MaxStepsReached", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_image_is_refused_before_any_answer()
    {
        using TemporaryFolder folder = new();
        string good = TestImages.Write(folder["good.png"]);
        string text = folder.Write("text.png", "no image"u8);
        byte[] whole = File.ReadAllBytes(good);
        string cut = folder.Write("cut.png", whole.AsSpan(0, whole.Length / 2));
        foreach ((string path, string expected) in ((string, string)[])[(text, "is not an image"), (cut, "cut off"), (folder["none.png"], "cannot be opened")])
        {
            CliRun run = CliRun.Of("predict", "--model", model.Path, good, path).Failed(1, path, expected);
            Assert.Empty(run.Output);
        }
    }
}
