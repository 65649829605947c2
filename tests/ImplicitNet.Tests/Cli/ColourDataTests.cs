using System.Text.Json;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Tests.Cli.Images;
using ImplicitNet.Training.Data.Augmentations;
using SkiaSharp;

namespace ImplicitNet.Tests.Cli;

/// <summary>CIFAR-10 and SVHN on the command line, with data sets of a few images.</summary>
public sealed class ColourDataTests : TensorTest
{
    private static readonly byte[] Labels = [.. Enumerable.Range(0, 12).Select(index => (byte)(index % 10))];

    [Theory]
    [InlineData("cifar10", "airplane")]
    [InlineData("svhn", "0")]
    public void A_colour_data_set_is_trained_on_evaluated_and_predicted(string data, string firstClass)
    {
        using TemporaryFolder folder = new();
        Write(folder, data);
        CliRun run = CliRun.Of(
            "train", "--data", data, "--data-dir", folder.Path, "--validation", "10", "--test-images", "10", "--epochs", "1", "--batch", "10",
            "--threads", "1", "--augment", "--shift", "1", "--output", folder["run"], "--json").Succeeded();
        Assert.Contains("10 validation and 10 test images", run.Output, StringComparison.Ordinal);
        Assert.Contains("test: 12 images", run.Output, StringComparison.Ordinal);
        ModelConfig config = (ModelConfig)ModelFolder.LoadConfig(folder["run"]);
        ClassifierOptions sizes = Assert.IsAssignableFrom<ClassifierOptions>(config.Network);
        Assert.Equal((3, 32, 32, 3), (sizes.ImageChannels, sizes.Height, sizes.Width, config.Normalization.Mean.Count));

        // The name of the class of the label 0, in the report and in a prediction.
        Assert.Equal(firstClass, ClassNames.Of(data, 10)[0]);
        Assert.Equal(Accuracy(run), Accuracy(CliRun.Of("evaluate", "--model", folder["run"], "--threads", "1", "--json").Succeeded()));
        string picture = Drawing.Draw(50, 40, SKColors.SkyBlue, canvas => canvas.Two(new SKRect(10, 10, 40, 30), 4, SKColors.Red)).Save(folder["a.png"]);
        using JsonDocument predicted = JsonDocument.Parse(CliRun.Of("predict", "--model", folder["run"], "--json", picture).Succeeded().LastLine);
        JsonElement image = predicted.RootElement.GetProperty("images")[0];
        Assert.Equal(ClassNames.Of(data, 10)[image.GetProperty("class").GetInt32()], image.GetProperty("name").GetString());
        string sky = Drawing.Draw(50, 40, SKColors.SkyBlue, static _ => { }).Save(folder["sky.jpg"], SKEncodedImageFormat.Jpeg);
        Assert.Contains("\"NoInk\"", CliRun.Of("predict", "--model", folder["run"], "--json", sky).Failed(1, "one colour everywhere").LastLine, StringComparison.Ordinal);
        CliRun.Of("train", "--resume", "--output", folder["run"], "--shift", "2").Failed(2, "--shift 2");
    }

    [Fact]
    public void A_model_of_two_channels_predicts_nothing()
    {
        using TemporaryFolder folder = new();
        ModelConfig config = new() { Data = "digits", PixelMean = 0, PixelDeviation = 1, Network = new DigitClassifierOptions { ImageChannels = 2 } };
        using (ImplicitNet.Networks.ImplicitNetwork network = config.CreateNetwork())
        {
            ModelFolder.Save(folder["two"], config, network);
        }

        CliRun.Of("predict", "--model", folder["two"], TestImages.Write(folder["a.png"])).Failed(1, folder["two"], "2 channels");
    }

    [Fact]
    public void A_damaged_file_is_refused_before_anything_is_written()
    {
        using TemporaryFolder folder = new();
        Write(folder, "svhn");
        folder.Write("test_32x32.mat", MatBytes.Header("MATLAB 7.3 MAT-file"));
        CliRun.Of("train", "--data", "svhn", "--data-dir", folder.Path, "--output", folder["run"]).Failed(1, "test_32x32.mat", "7.3");
        Assert.False(Directory.Exists(folder["run"]));
        CliRun.Of("train", "--data", "cifar10", "--data-dir", folder.Path, "--output", folder["run"]).Failed(1, "CIFAR-10 is not complete here", "cifar-10-binary.tar.gz");
    }

    [Fact]
    public void Digits_are_never_mirrored()
    {
        Assert.All(DataChoice.Images, data => Assert.NotEmpty(AugmentationChoice.For(data)));
        Assert.Equal(["fashion-mnist", "cifar10"], DataChoice.Images.Where(data => AugmentationChoice.For(data).Any(item => item is HorizontalFlip)));
    }

    [Fact]
    public void The_defaults_of_a_data_set_are_these()
    {
        (string, int, int, int)[] found = [.. DataChoice.Images.Select(data => RunKinds.DefaultsFor(data)).Select(settings => (settings.Data, settings.Epochs, settings.Validation, settings.Shift))];
        Assert.Equal([("digits", 5, 2_000, 0), ("mnist", 10, 10_000, 2), ("fashion-mnist", 10, 10_000, 0), ("cifar10", 10, 5_000, 0), ("svhn", 10, 5_000, 0)], found);
        Assert.All(DataChoice.Images, data => Assert.False(RunKinds.DefaultsFor(data).Augment));
    }

    private static void Write(TemporaryFolder folder, string data)
    {
        if (data == "svhn")
        {
            byte[] file = MatBytes.File(MatBytes.Packed(MatBytes.Images(30)), MatBytes.Labels([.. Enumerable.Range(0, 30).Select(index => (byte)((index % 10) + 1))]));
            folder.Write("train_32x32.mat", file);
            folder.Write("test_32x32.mat", MatBytes.File(MatBytes.Images(12), MatBytes.Labels([.. Labels.Select(label => (byte)(label == 0 ? 10 : label))])));
            return;
        }

        foreach ((string name, byte[] content) in Cifar10Bytes.Files(".bin", _ => Cifar10Bytes.Binary(Labels)))
        {
            folder.Write(name, content);
        }
    }

    private static double Accuracy(CliRun run)
    {
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        return json.RootElement.GetProperty("testAccuracy").GetDouble();
    }
}
