using System.Globalization;
using System.Text.Json;
using ImplicitNet.Cli.Images;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Models;
using ImplicitNet.Models.Baselines;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using TorchSharp;

namespace ImplicitNet.Tests.Cli;

/// <summary>The commands on images that are restored.</summary>
public sealed class RestorationCommandTests(RestorationCommandTests.Blurred blurred) : TensorTest, IClassFixture<RestorationCommandTests.Blurred>
{
    [Fact]
    public void A_run_is_told_by_what_its_images_came_to_and_goes_on_to_the_same_end()
    {
        using JsonDocument json = JsonDocument.Parse(blurred.Training.Succeeded().LastLine);
        Assert.Equal("psnr", json.RootElement.GetProperty("score").GetProperty("name").GetString());
        Assert.InRange(json.RootElement.GetProperty("score").GetProperty("test").GetDouble(), 10, 40);
        Assert.InRange(json.RootElement.GetProperty("scores").GetProperty("ssim").GetDouble(), 0.2, 1);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("testAccuracy").ValueKind);
        Assert.InRange(json.RootElement.GetProperty("gammaCertified").GetDouble(), 0, 0.971);
        string[] lines = blurred.Training.Output.Split('\n');
        Assert.Contains(lines, line => line.Contains("val psnr", StringComparison.Ordinal) && !line.Contains("acc", StringComparison.Ordinal));
        string[] cells = lines.First(line => line.StartsWith("      2 ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(json.RootElement.GetProperty("score").GetProperty("validation").GetDouble(), double.Parse(cells[3], CultureInfo.InvariantCulture), 2.0);
        Assert.Contains("restored.png", Directory.EnumerateFiles(blurred.Path).Select(Path.GetFileName));
        Assert.Contains("Test image 5, restored, ", File.ReadAllText(Path.Combine(blurred.Path, "report.html")), StringComparison.Ordinal);
        Assert.Contains(lines, line => line.TrimStart().StartsWith("psnr", StringComparison.Ordinal) && line.Contains(" dB", StringComparison.Ordinal));
        Assert.Contains("circular-blur of deviation 0.8, noise 0.05, bounded denoiser of 3 layers of 4 channels, guide of 4 channels", blurred.Training.Output, StringComparison.Ordinal);
        Assert.Equal(blurred.Training.LastLine, CliRun.Of("train", "--resume", "--output", blurred.Path, "--json").Succeeded().LastLine);
        string config = File.ReadAllText(Path.Combine(blurred.Path, "config.json"));
        Assert.All(["\"architecture\": \"restoration\"", "\"blur\": 0.8", "\"noise\": 0.05", "\"guideChannels\": 4"], text => Assert.Contains(text, config, StringComparison.Ordinal));
    }

    [Fact]
    public void Evaluate_shows_the_measurement_and_classical_methods_and_fewer_steps_beside_the_network()
    {
        CliRun run = CliRun.Of("evaluate", "--model", blurred.Path, "--threads", "1", "--json").Succeeded();
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        JsonElement[] rows = [.. json.RootElement.GetProperty("restorations").EnumerateArray()];
        string[] names = [.. rows.Select(row => row.GetProperty("name").GetString()!)];
        Assert.Equal(["measurement", "Wiener filter", "total variation", "1 step"], names[..4]);
        Assert.Contains("the network", names);
        double Psnr(string name) => rows[Array.IndexOf(names, name)].GetProperty("psnr").GetDouble();
        Assert.True(Psnr("Wiener filter") > Psnr("measurement"));
        Assert.True(Psnr("total variation") > Psnr("measurement"));
        Assert.Equal(json.RootElement.GetProperty("scores").GetProperty("psnr").GetDouble(), Psnr("the network"), 1e-9);
        Assert.Equal(["name", "psnr", "ssim", "strength", "steps", "note", "model"], rows[0].EnumerateObject().Select(member => member.Name));
        Assert.All(names, name => Assert.Contains($"  {name}", run.Output, StringComparison.Ordinal));
        Assert.True(json.RootElement.GetProperty("statuses").GetProperty("Converged").GetInt32() == 10);
    }

    [Fact]
    public void A_photo_of_any_size_is_blurred_and_restored_in_colour()
    {
        using TemporaryFolder folder = new();
        Photo(folder["photo.png"], 37, 50);
        using JsonDocument json = JsonDocument.Parse(Restore(folder["photo.png"], folder["sharp.png"], "--degrade").Succeeded().LastLine);
        Assert.Equal(
            ["model", "photo", "output", "height", "width", "status", "steps", "residual", "seconds", "psnr", "ssim", "psnrInput", "ssimInput", "psnrWiener", "ssimWiener"],
            json.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("Converged", 37, 50), (json.RootElement.GetProperty("status").GetString(), json.RootElement.GetProperty("height").GetInt32(), json.RootElement.GetProperty("width").GetInt32()));
        ColourImage sharp = ImageFile.ReadColour(folder["sharp.png"]), photo = ImageFile.ReadColour(folder["photo.png"]);
        Assert.Equal((37, 50), (sharp.Height, sharp.Width));

        // What is told is that of the file, and can be computed from it.
        double squares = sharp.ToPixels().Zip(photo.ToPixels(), (a, b) => Math.Pow((a - b) / 255.0, 2)).Average();
        Assert.Equal(-10 * Math.Log10(squares), json.RootElement.GetProperty("psnr").GetDouble(), 1e-3);
        Assert.True(json.RootElement.GetProperty("psnr").GetDouble() > json.RootElement.GetProperty("psnrInput").GetDouble());

        // The filter's best share of noise, of many, on the same measurement.
        RestorationOptions options = (RestorationOptions)ModelFolder.LoadConfig(blurred.Path).Options;
        Assert.Equal(Filtered(options, photo), json.RootElement.GetProperty("psnrWiener").GetDouble(), 0.02);

        // The restored photo itself is restored, against the original; without one there are no figures.
        using JsonDocument against = JsonDocument.Parse(Restore(folder["sharp.png"], folder["again.png"], "--truth", folder["photo.png"]).Succeeded().LastLine);
        Assert.Equal(json.RootElement.GetProperty("psnr").GetDouble(), against.RootElement.GetProperty("psnrInput").GetDouble(), 1e-9);
        using JsonDocument alone = JsonDocument.Parse(Restore(folder["photo.png"], folder["alone.png"]).Succeeded().LastLine);
        Assert.Equal(JsonValueKind.Null, alone.RootElement.GetProperty("psnr").ValueKind);
    }

    [Fact]
    public void What_cannot_be_restored_is_refused_in_one_line()
    {
        using TemporaryFolder folder = new();
        string photo = folder["photo.png"], other = folder["other.png"], output = folder["sharp.png"];
        Photo(photo, 9, 12);
        Photo(other, 12, 9);
        Restore(photo, folder["sharp.jpg"]).Failed(2, "the restored photo is a PNG");
        Restore(folder["none.png"], output).Failed(1, "none.png", "there is no such file");
        Restore(photo, folder["none/sharp.png"]).Failed(1, "none/sharp.png: there is no folder ", "none.");
        Restore(photo, photo).Failed(2, "photo.png is the photo that is read; name another file.");
        File.CreateSymbolicLink(folder["link.png"], photo);
        Restore(photo, folder["link.png"]).Failed(2, "link.png is the photo that is read; name another file.");
        Restore(photo, folder["link.png"], "--truth", photo).Failed(2, "link.png is the photo that is read");
        Restore(other, folder["link.png"], "--truth", photo).Failed(2, "link.png is the truth that is read; name another file.");
        File.Delete(folder["link.png"]);
        Restore(photo, output, "--solver", "forward-backward").Failed(2, "--solver must be picard, anderson, broyden, newton-krylov or chain");
        Assert.DoesNotContain("peaceman", CliRun.Of("restore", "--help").Succeeded().Output, StringComparison.Ordinal);
        CliRun.Of("evaluate", "--model", blurred.Path, "--gamma", "0.5").Failed(2, "restores with what it was trained with. Leave it out.");
        Restore(photo, output, "--truth", other).Failed(1, "has 9 x 12 pixels, and ", "12 x 9: they must be the same picture");
        Restore(photo, output, "--truth", other, "--degrade").Failed(2, "--truth does not go with --degrade");
        CliRun.Of("predict", "--model", blurred.Path, photo).Failed(1, "knows no classes: 'implicitnet restore' restores photos by it.");
        Assert.Equal(["other.png", "photo.png"], folder.Names.Order(StringComparer.Ordinal));
    }

    /// <summary>Some 240 GiB: of a network with layers 4,096 wide, each of kernels of one pixel.</summary>
    [Fact]
    public void A_photo_for_which_there_is_no_memory_is_refused_before_any_is_asked_for()
    {
        using TemporaryFolder folder = new();
        ModelConfig config = new() { Data = "cifar10", Network = new RestorationOptions { HiddenChannels = 4096, Layers = 1, KernelSize = 1 } };
        using ImplicitNetwork network = config.CreateNetwork();
        ModelFolder.Save(folder["model"], config, network);
        Photo(folder["photo.png"], 2000, 2000);
        CliRun.Of("restore", folder["photo.png"], "--model", folder["model"], "--output", folder["sharp.png"], "--threads", "1")
            .Failed(1, "photo.png: 2000 x 2000 pixels take about 250,000 MiB to restore, and there are ", "Make it smaller, or cut it into parts.");
    }

    [Theory]
    [InlineData("--data digits --blur 2", "--blur 2 is for deblurring alone; the data are digits. Leave it out, or name another --task.")]
    [InlineData("--data digits --task deblurring --angles 5", "--angles 5 is not for --task deblurring. Leave it out, or name another --task.")]
    [InlineData("--data digits --task deblurring --augment", "--augment is not for --task deblurring. Leave it out, or name another --task.")]
    [InlineData("--data ellipses --samples 5", "--samples 5 is not for --task tomography. Leave it out, or name another --data.")]
    [InlineData("--data digits --task deblurring --network monotone", "--network monotone is not for --task deblurring. Leave it out, or name another --task.")]
    [InlineData("--data mazes:9 --task deblurring", "--task deblurring: images have that choice; the data are mazes:9. Name one of digits, mnist, fashion-mnist, cifar10, svhn or ellipses by --data.")]
    [InlineData("--data ellipses --task classification", "--task classification: ellipses have no classes. Name tomography or deblurring.")]
    [InlineData("--data digits --task sharpening", "--task must be")]
    [InlineData("--data digits --task deblurring --blur 0", "--blur must be")]
    [InlineData("--data digits --task deblurring --guide -1", "--guide must be")]
    [InlineData("--data digits --task deblurring --denoiser free --gamma 0.9", "--gamma 0.9: a free denoiser (--denoiser free) has no factor.")]
    [InlineData("--data digits --denoiser free", "--denoiser free is for deblurring and tomography alone; the data are digits. Leave it out, or name another --task.")]
    public void An_option_that_does_not_fit_is_refused_before_anything_is_written(string options, string expected)
    {
        using TemporaryFolder folder = new();
        CliRun.Of(["train", "--output", folder["run"], .. options.Split(' ')]).Failed(2, expected);
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void Square_images_are_scanned_and_ellipses_where_nobody_names_the_task()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(
            "train", "--data", "digits", "--task", "tomography", "--angles", "3", "--images", "10", "--validation", "10", "--test-images", "10", "--epochs", "1", "--batch", "10", "--channels", "2",
            "--max-steps", "5", "--threads", "1", "--output", folder["run"]).Succeeded();
        Assert.Contains("line integrals in 3 directions, noise 0.5", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"measurement\": \"radon\"", File.ReadAllText(folder["run/config.json"]), StringComparison.Ordinal);
        CliRun.Of("restore", "photo.png", "--model", folder["run"], "--output", "sharp.png").Failed(1, "restores no photos");
        Assert.Equal(("tomography", 30, 0.5), RunKinds.DefaultsFor("ellipses") is var usual ? (usual.Task, usual.Angles, usual.Noise) : default);
    }

    /// <summary>A step of a solve is where it starts, so that what is differentiated are two steps from there.</summary>
    [Fact]
    public void A_free_denoiser_is_unrolled_tested_audited_exported_and_shown_beside_another_and_claims_no_factor()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(
            "train", "--data", "digits", "--task", "deblurring", "--blur", "0.8", "--noise", "0.05", "--denoiser", "free", "--guide", "0", "--gradient", "unrolled:2", "--train-steps", "1", "--solver", "picard", "--max-steps", "3", "--images", "20", "--validation", "10",
            "--test-images", "10", "--epochs", "1", "--batch", "20", "--channels", "2", "--threads", "1", "--output", folder["twin"], "--json").Succeeded();
        Assert.Contains("free denoiser of 3 layers of 2 channels, no guide", run.Output, StringComparison.Ordinal);
        Assert.Contains("parameters, no factor is known, tolerance", run.Output, StringComparison.Ordinal);

        // Solves of one step have nothing to converge to.
        Assert.DoesNotContain("of the solves", run.Output, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        Assert.All(["gammaDeclared", "gammaCertified", "errorBound"], key => Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty(key).ValueKind));
        Assert.Contains("\"denoiser\": \"free\"", File.ReadAllText(folder["twin/config.json"]), StringComparison.Ordinal);
        CliRun told = CliRun.Of("info", "--model", folder["twin"]).Succeeded();
        Assert.Contains("free denoiser of 3 layers of 2 channels, no guide", told.Output, StringComparison.Ordinal);
        Assert.Contains("none certified", told.Output, StringComparison.Ordinal);
        CliRun.Of("audit", "--model", folder["twin"], "--count", "2", "--threads", "1", "--output", folder["audit"]).Succeeded();
        CliRun exported = CliRun.Of("export", "--model", folder["twin"], "--pytorch", folder["free.pth"]).Succeeded();
        Assert.Contains("free denoiser of 3 layers", exported.Output, StringComparison.Ordinal);
        Assert.Contains("and this network has none.", exported.Output, StringComparison.Ordinal);
        Photo(folder["photo.png"], 9, 12);
        CliRun.Of("restore", folder["photo.png"], "--model", folder["twin"], "--output", folder["sharp.png"], "--degrade", "--threads", "1").Succeeded();
        Beside(folder["twin"], folder["out"]);
    }

    private void Beside(string twin, string output)
    {
        CliRun run = CliRun.Of("evaluate", "--model", blurred.Path, "--beside", twin, "--output", output, "--starts", "2", "--threads", "1", "--json").Succeeded();
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        Assert.Equal([twin], json.RootElement.GetProperty("beside").EnumerateArray().Select(name => name.GetString()));
        (string Name, string? Model, int? Steps, double Psnr, string Note)[] rows =
        [
            .. json.RootElement.GetProperty("restorations").EnumerateArray().Select(row => (
                row.GetProperty("name").GetString()!, row.GetProperty("model").GetString(), row.GetProperty("steps").ValueKind == JsonValueKind.Null ? (int?)null : row.GetProperty("steps").GetInt32(),
                row.GetProperty("psnr").GetDouble(), row.GetProperty("note").GetString()!)),
        ];
        string name = Path.GetFileName(blurred.Path);
        int[] Steps(string model) => [.. rows.Where(row => row.Model == model).Select(row => row.Steps!.Value)];
        int[] own = Steps(blurred.Path), others = Steps(twin);
        Assert.Equal([null, null, null], rows.Take(3).Select(row => row.Model));
        Assert.Equal(own.Append(3).Distinct().Order(), others);
        int taken = rows.Single(row => row.Name == name).Steps!.Value;
        Assert.Equal([2 * taken, 4 * taken], own[^2..]);
        Assert.Contains($"{name}, 1 step", rows.Select(row => row.Name));

        // Its own solve ends at its limit, the steps that it was trained through; the test of its training was of the same images.
        (string Name, string? Model, int? Steps, double Psnr, string Note) trained = rows.Single(row => row.Steps == 3 && row.Model == twin);
        Assert.Equal("twin", trained.Name);
        Assert.Equal("3 steps on average, 10 of 10 short of its tolerance, as trained", trained.Note);
        using JsonDocument tested = JsonDocument.Parse(File.ReadAllText(Path.Combine(twin, "result.json")));
        Assert.Equal(tested.RootElement.GetProperty("scores").GetProperty("psnr").GetDouble(), trained.Psnr, 1e-6);

        // Whether starts agree is of use where answers are right or wrong: of images there is no chart of that.
        string[] files = ["psnr-by-steps.svg", "side-by-side.png", "ssim-by-steps.svg"];
        Assert.Equal(files, Directory.EnumerateFiles(output).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(files, json.RootElement.GetProperty("charts").EnumerateArray().Select(file => Path.GetFileName(file.GetString())).Order(StringComparer.Ordinal));
        string chart = File.ReadAllText(Path.Combine(output, "psnr-by-steps.svg"));
        Assert.Contains($"{name}: ", chart, StringComparison.Ordinal);
        Assert.Contains("Wiener filter: ", chart, StringComparison.Ordinal);
        Assert.Contains($"from above: measured, Wiener filter, total variation, {name}, twin, original", run.Output.ReplaceLineEndings(" ").Replace("                     ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_stand_beside_a_model_is_refused_before_anything_is_computed()
    {
        using TemporaryFolder folder = new();
        void Put(string name, ImplicitNetworkOptions network) => File.WriteAllText(Path.Combine(Directory.CreateDirectory(folder[name]).FullName, "config.json"), new ModelConfig { Data = "digits", Network = network }.ToJson());
        Put("mazes", new GridSolverOptions());
        Put("blurrier", new RestorationOptions { Channels = 1, Blur = 2, Noise = 0.05 });
        CliRun Evaluate(string model, params string[] more) => CliRun.Of(["evaluate", "--model", model, .. more]);
        Evaluate(folder["mazes"], "--beside", blurred.Path).Failed(2, "that is for deblurring and tomography; ", "mazes is a model for digits.");
        Evaluate(blurred.Path, "--beside", folder["mazes"]).Failed(2, "both must restore the same. That is a model for digits; ", "is one for circular-blur of deviation 0.8, noise 0.05, images of any size x 1.");
        Evaluate(blurred.Path, "--beside", folder["blurrier"]).Failed(2, "That is a model for circular-blur of deviation 2, noise 0.05, images of any size x 1; ");
        Evaluate(blurred.Path, "--beside", blurred.Path + "/").Failed(2, "a model is named twice.");
        Evaluate(blurred.Path, "--beside", folder["none"]).Failed(1, "none");
        Evaluate(folder["mazes"], "--output", folder["out"]).Failed(2, "--output is for the charts of ");
        Assert.False(Directory.Exists(folder["out"]));
    }

    private CliRun Restore(string photo, string output, params string[] more) =>
        CliRun.Of(["restore", photo, "--model", blurred.Path, "--output", output, "--threads", "1", "--json", .. more]);

    private static double Filtered(RestorationOptions options, ColourImage photo)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor planes = ImageTensor.Of(photo).unsqueeze(1);
        torch.Tensor measured = MeasuredImages.WithNoise(options.CreateMeasurement().Apply(planes), options.Noise, row => new RandomNumbers(1, 0, row));
        WienerFilter filter = new(options.CreateMeasurement());
        double Psnr(double strength) => -10 * Math.Log10((filter.Restore(measured, strength).clamp(0, 1) - planes).square().mean().ToDouble());
        return Enumerable.Range(-20, 21).Max(tenth => Psnr(Math.Pow(10, tenth / 5.0)));
    }

    private static void Photo(string path, int height, int width)
    {
        GreyImage Plane(int shift) => new([.. Enumerable.Range(0, height * width).Select(place => (byte)((((place / width) + shift) / 5 + ((place % width) / 7)) % 2 == 0 ? 40 : 200))], height, width);
        PngFile.Write(path, new ColourImage(Plane(0), Plane(1), Plane(3)));
    }

    /// <summary>A grey model, trained once.</summary>
    public sealed class Blurred : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Blurred() => Training = CliRun.Of(
            "train", "--data", "digits", "--task", "deblurring", "--blur", "0.8", "--noise", "0.05", "--images", "40", "--validation", "10", "--test-images", "10",
            "--epochs", "2", "--batch", "20", "--channels", "4", "--guide", "4", "--threads", "1", "--output", Path, "--json");

        public string Path => _folder["run"];

        internal CliRun Training { get; }

        public void Dispose() => _folder.Dispose();
    }
}
