using System.Globalization;
using System.Text.RegularExpressions;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Cli;

/// <summary>The images in the report of a training: each is the image that it says, and the answer is the network's.</summary>
public sealed class ReportImagesTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    private const string Section = "Images and answers";

    [Fact]
    public void Every_image_is_that_of_the_test_data_with_its_class_and_the_answer_of_the_network()
    {
        Page page = Page.Read(Path.Combine(model.Path, "report.html"));
        ModelConfig config = (ModelConfig)ModelFolder.LoadConfig(model.Path);
        RunSettings settings = ModelSettings.Of(new SavedModel(model.Path, config), null, null);
        using StringWriter nowhere = new();
        ImageDataset images = ModelImages.Load(model.Path, config, settings, SplitChoice.Test, Terminal.Plain(nowhere, nowhere), CancellationToken.None);
        (long[] answers, double[] probabilities) = Answers(images, config);

        Assert.NotEmpty(page.Pictures);
        foreach ((string description, string[] lines, bool isWrong, byte[] png) in page.Pictures)
        {
            int index = int.Parse(Regex.Match(description, "^Image ([0-9]+): ").Groups[1].Value, CultureInfo.InvariantCulture);
            (int truth, long answer) = (images.Label(index), answers[index]);
            Assert.Equal($"Image {index}: {truth}. The network said {answer}.", description);
            Assert.Equal(truth == answer ? $"{truth}, correct" : $"said {answer}, is {truth}", lines[0]);
            Assert.Equal(truth != answer, isWrong);
            Assert.Equal(100 * probabilities[index], double.Parse(lines[1].TrimEnd('%'), CultureInfo.InvariantCulture), 0.06);
            Assert.Matches("^[0-9]+ steps$", lines[2]);
            Assert.InRange(double.Parse(lines[3].Replace("residual ", "", StringComparison.Ordinal), CultureInfo.InvariantCulture), 1e-6, settings.Tolerance);
            using SKBitmap bitmap = SKBitmap.Decode(png);
            Assert.Equal(images.Image(index).ToArray(), bitmap.Pixels.Select(pixel => pixel.Red));
            Assert.Equal(bitmap.Pixels.Select(pixel => pixel.Red), bitmap.Pixels.Select(pixel => pixel.Blue));
        }
    }

    [Fact]
    public void The_wrong_answers_come_first_and_are_as_many_as_the_confusion_says_or_the_first_of_them()
    {
        Page page = Page.Read(Path.Combine(model.Path, "report.html"));
        int wrong = Enumerable.Range(0, 10).Sum(answer => page.Column("Confusion on the test images", $"{answer}")
            .Index().Where(cell => cell.Index != answer && cell.Item != "–").Sum(cell => int.Parse(cell.Item, CultureInfo.InvariantCulture)));
        int shown = page.Pictures.Count(picture => picture.IsWrong);
        Assert.Equal(Math.Min(wrong, 24), shown);
        string named = shown < wrong ? $"{shown} of the {wrong} wrong answers" : wrong == 1 ? "The one wrong answer" : $"All {wrong} wrong answers";
        Assert.StartsWith($"{named}, and {page.Pictures.Length - shown} right one{(page.Pictures.Length - shown == 1 ? "" : "s")}.", page.Text(Section), StringComparison.Ordinal);
        Assert.All(page.Pictures[..shown], picture => Assert.True(picture.IsWrong));
        string[] right = [.. page.Pictures[shown..].Select(picture => picture.Lines[0])];
        Assert.Equal(right.Distinct().Order(), right);
        Assert.InRange(right.Length, 1, 10);
    }

    private (long[] Answers, double[] Probabilities) Answers(ImageDataset images, ModelConfig config)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitNetwork network = ModelFolder.LoadNetwork(model.Path, config);
        network.eval();
        using Batch batch = new ImageBatches(images, new BatchOptions { Normalization = config.Normalization, BatchSize = images.Count })
            .Read([.. Enumerable.Range(0, images.Count)]);
        (Tensor largest, Tensor answers) = network.call(batch.Inputs).softmax(1).max(1);
        return ([.. answers.data<long>()], [.. largest.to(ScalarType.Float64).data<double>()]);
    }
}
