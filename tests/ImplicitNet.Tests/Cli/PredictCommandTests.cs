using System.Text.Json;
using ImplicitNet.Tests.Cli.Images;
using SkiaSharp;

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

    [Theory]
    [InlineData(28, 0)]
    [InlineData(28, 128)]
    [InlineData(28, 255)]
    [InlineData(1, 0)]
    [InlineData(200, 128)]
    public void A_blank_picture_is_said_to_have_no_ink_and_is_not_classified(int side, byte grey)
    {
        using TemporaryFolder folder = new();
        string blank = Drawing.Draw(side, side, new SKColor(grey, grey, grey), static _ => { }).Save(folder["blank.png"]);
        string two = TestImages.Write(folder["two.png"]);
        CliRun run = CliRun.Of("predict", "--model", model.Path, "--json", blank, two).Failed(1, blank, "no ink");
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        JsonElement[] images = [.. json.RootElement.GetProperty("images").EnumerateArray()];
        Assert.Equal("NoInk", images[0].GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Null, images[0].GetProperty("class").ValueKind);
        Assert.Equal(0, images[0].GetProperty("probabilities").GetArrayLength());
        Assert.Equal("Converged", images[1].GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Number, images[1].GetProperty("class").ValueKind);
    }

    public static TheoryData<string, byte[]> Foreign => new()
    {
        { "a TIFF", [.. "II*\0"u8, 8, 0, 0, 0] },
        { "a PDF document", [.. "%PDF-1.7\n"u8] },
        { "an SVG drawing", [.. "<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>"u8] },
        { "an AVIF image", [0, 0, 0, 28, .. "ftypavif\0\0\0\0avifmif1"u8] },
        { "a HEIC image", [0, 0, 0, 24, .. "ftypheic\0\0\0\0mif1heic"u8] },
        { "a Windows icon", [0, 0, 1, 0, 1, 0] },
        { "compressed by gzip", [0x1F, 0x8B, 8, 0] },
        { "is empty", [] },
    };

    [Theory]
    [MemberData(nameof(Foreign))]
    public void What_is_no_picture_that_can_be_read_is_called_by_its_name(string expected, byte[] content)
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of("predict", "--model", model.Path, folder.Write("picture.png", content)).Failed(1, expected, "PNG, JPEG, WebP, GIF or BMP was expected");
        Assert.Empty(run.Output);
        CliRun.Of("predict", "--model", model.Path, folder.Path).Failed(1, "is a folder");
    }
}
