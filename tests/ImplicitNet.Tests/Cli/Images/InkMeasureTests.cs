using ImplicitNet.Cli.Images;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Cli.Images;

public sealed class InkMeasureTests
{
    private const int Size = DigitImage.Size;

    /// <summary>A rectangle of a x b pixels has the ink a b and the outline 2 (a + b).</summary>
    [Theory]
    [InlineData(20, 20, 255)]
    [InlineData(1, 20, 255)]
    [InlineData(28, 28, 255)]
    [InlineData(3, 5, 100)]
    public void A_rectangle_has_the_ink_and_the_width_of_its_formula(int height, int width, byte grey)
    {
        byte[] pixels = [.. Enumerable.Range(0, Size * Size).Select(place => place / Size < height && place % Size < width ? grey : (byte)0)];
        InkMeasure measure = InkMeasure.Of(new GreyImage(pixels, Size, Size));
        Assert.Equal(height * width * (grey / 255.0) / (Size * Size), measure.Share, 12);
        Assert.Equal((double)height * width / (height + width), measure.StrokeWidth, 12);
    }

    [Fact]
    public void No_digit_that_is_drawn_is_out_of_the_usual()
    {
        DataSplits splits = StrokeDigits.Generate(new StrokeDigitsOptions());
        Usual(splits.Train);
        Usual(splits.Test);
    }

    [Fact]
    public async Task No_digit_of_MNIST_is_out_of_the_usual()
    {
        TrainTest parts = await new DatasetSource(IdxDatasetDefinition.Mnist) { DataDirectory = SharedData.FolderOrSkip("data/mnist") }
            .LoadAsync(null, TestContext.Current.CancellationToken);
        Usual(parts.Train);
        Usual(parts.Test);
    }

    private static void Usual(ImageDataset digits)
    {
        Assert.InRange(digits.Count, 2000, 60000);
        for (int i = 0; i < digits.Count; i++)
        {
            InkMeasure measure = InkMeasure.Of(new GreyImage(digits.Image(i).ToArray(), Size, Size));
            Assert.InRange(measure.Share, InkMeasure.UsualShare.Least, InkMeasure.UsualShare.Most);
            Assert.InRange(measure.StrokeWidth, InkMeasure.UsualStrokeWidth.Least, InkMeasure.UsualStrokeWidth.Most);
        }
    }
}
