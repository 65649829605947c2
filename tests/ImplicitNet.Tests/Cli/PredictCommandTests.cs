using System.Text.Json;
using ImplicitNet.Cli;
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

            // A contraction by 0.5 is within residual / (1 - 0.5).
            Assert.Equal(2 * image.GetProperty("residual").GetDouble(), image.GetProperty("errorBound").GetDouble(), 1e-12);
            Assert.Equal("L2", image.GetProperty("errorNorm").GetString());
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
    public void A_file_that_cannot_be_read_costs_the_others_nothing()
    {
        using TemporaryFolder folder = new();
        string good = TestImages.Write(folder["good.png"]);
        byte[] whole = File.ReadAllBytes(good);
        (string Path, string Expected)[] bad =
        [
            (folder.Write("text.png", "no image"u8), "is not an image"),
            (folder.Write("cut.png", whole.AsSpan(0, whole.Length / 2)), "cut off"),
            (folder["none.png"], "there is no such file"),
            (Directory.CreateDirectory(folder["empty"]).FullName, "is a folder without pictures; the names of pictures end in .png, .jpg, "),
        ];
        foreach ((string path, string expected) in bad)
        {
            Assert.Empty(CliRun.Of("predict", "--model", model.Path, path).Failed(1, path, expected).Output);
        }

        CliRun run = CliRun.Of(["predict", "--model", model.Path, "--json", good, .. bad.Select(one => one.Path), good])
            .Failed(1, $"error: 4 of 6 pictures have no answer. The first, {bad[0].Path}, is not an image; ");
        string[] lines = run.Output.TrimEnd().Split('\n');
        Assert.Contains("Converged", lines[0], StringComparison.Ordinal);
        Assert.Contains("Converged", lines[5..].First(line => line.Contains(good, StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.All(bad, one => Assert.Single(lines, line => line.Contains(one.Path, StringComparison.Ordinal) && line.Contains(one.Expected, StringComparison.Ordinal)
            && !line.StartsWith('{')));
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        JsonElement[] images = [.. json.RootElement.GetProperty("images").EnumerateArray()];
        Assert.Equal(["Converged", "Unreadable", "Unreadable", "Unreadable", "Unreadable", "Converged"], images.Select(image => image.GetProperty("status").GetString()));
        Assert.Equal(images[0].GetProperty("probabilities").GetRawText(), images[5].GetProperty("probabilities").GetRawText());
        Assert.Contains(bad[1].Expected, images[2].GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_picture_without_an_answer_stands_in_a_sentence()
    {
        using TemporaryFolder folder = new();
        CliRun.Of("predict", "--model", model.Path, folder["a.png"], folder["b.png"])
            .Failed(1, $"error: 2 of 2 pictures have no answer. The first, {folder["a.png"]}: there is no such file.\n");
        CliRun.Of("predict", "--model", model.Path, folder[Path.Combine("no", "a.png")]).Failed(1, $"error: {folder[Path.Combine("no", "a.png")]}: there is no such file.\n");
    }

    [Fact]
    public void A_folder_that_may_not_be_read_is_not_called_empty()
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            Assert.Skip("nothing is hidden from this user");
            return;
        }

        using TemporaryFolder folder = new();
        string locked = Directory.CreateDirectory(folder["locked"]).FullName;
        File.SetUnixFileMode(locked, UnixFileMode.None);
        try
        {
            CliRun.Of("predict", "--model", model.Path, locked).Failed(1, $"{locked}: is a folder that cannot be read: ");
        }
        finally
        {
            File.SetUnixFileMode(locked, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void A_folder_stands_for_its_pictures()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["scans"]);
        string[] pictures = [TestImages.Write(folder[Path.Combine("scans", "B.JPG")]), TestImages.Write(folder[Path.Combine("scans", "a.png")])];
        folder.Write(Path.Combine("scans", "notes.txt"), "no picture"u8);
        folder.Write(Path.Combine("scans", ".hidden.png"), "no picture"u8);
        using JsonDocument json = JsonDocument.Parse(CliRun.Of("predict", "--model", model.Path, "--json", folder["scans"]).Succeeded().LastLine);
        Assert.Equal(pictures, json.RootElement.GetProperty("images").EnumerateArray().Select(image => image.GetProperty("path").GetString()));
    }

    /// <summary>What can be measured: too much ink, strokes that are none. The answers stay answers.</summary>
    [Fact]
    public void A_blot_and_noise_are_answered_in_doubt_and_a_digit_is_not()
    {
        using TemporaryFolder folder = new();
        string blot = Drawing.Draw(100, 100, SKColors.White, canvas => canvas.DrawRect(25, 25, 50, 50, new SKPaint { Color = SKColors.Black })).Save(folder["blot.png"]);
        Random random = new(1);
        string noise = Drawing.Draw(28, 28, SKColors.Black, canvas =>
        {
            for (int place = 0; place < 28 * 28; place++)
            {
                byte grey = (byte)random.Next(256);
                canvas.DrawPoint(place % 28, place / 28, new SKColor(grey, grey, grey));
            }
        }).Save(folder["noise.png"]);
        CliRun run = CliRun.Of("predict", "--model", model.Path, "--json", blot, noise, TestImages.Write(folder["two.png"])).Succeeded();
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        string[][] doubts =
        [
            .. json.RootElement.GetProperty("images").EnumerateArray().Select(image =>
                image.GetProperty("doubts").EnumerateArray().Select(doubt => doubt.GetString()!).Where(doubt => doubt != "Margin").ToArray()),
        ];
        Assert.Equal([["Ink", "StrokeWidth"], ["Ink"], []], doubts);
        Assert.Contains("in doubt: 51 % of the field is ink; digits have 2.5 to 40 %\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("in doubt: strokes 10.0 pixels wide; digits have strokes of 0.9 to 6.6\n", run.Output, StringComparison.Ordinal);
        Assert.InRange(json.RootElement.GetProperty("images")[0].GetProperty("ink").GetDouble(), 0.51, 0.511);
    }

    [Theory]
    [InlineData(0.499, true)]
    [InlineData(0.5, false)]
    public void Two_answers_less_than_a_half_apart_are_in_doubt(double margin, bool isDoubtful)
    {
        PredictionResult.Prediction prediction = new("x.png", 1, "1", [], 5, "Converged", 0) { Margin = margin };
        Assert.Equal(isDoubtful ? ["Margin"] : [], Doubts.Of(prediction));
        Assert.Empty(Doubts.Of(prediction with { Margin = null }));
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
        string picture = folder.Write("picture.png", content);
        foreach (string path in (string[])[picture, folder.Path])
        {
            CliRun run = CliRun.Of("predict", "--model", model.Path, path).Failed(1, picture, expected, "PNG, JPEG, WebP, GIF or BMP was expected");
            Assert.Empty(run.Output);
        }
    }
}
