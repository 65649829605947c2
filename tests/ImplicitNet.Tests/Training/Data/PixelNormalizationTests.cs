using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class PixelNormalizationTests
{
    [Fact]
    public void It_is_the_mean_and_deviation_of_the_pixels()
    {
        PixelNormalization found = PixelNormalization.Of(new ImageDataset("two", 1, 2, 1, 1, [0, 255], [0]));
        Assert.Equal(0.5, found.Mean, 12);
        Assert.Equal(0.5, found.Deviation, 12);
        float[] table = found.Table();
        Assert.Equal((-1f, 1f), (table[0], table[255]));
    }

    [Fact]
    public void Equal_pixels_are_refused()
    {
        Assert.Throws<ArgumentException>(() => PixelNormalization.Of(new ImageDataset("flat", 1, 2, 1, 1, [9, 9], [0])));
        Assert.Throws<ArgumentException>(() => PixelNormalization.Of(new ImageDataset("empty", 1, 2, 1, 1, [], [])));
    }

    [Theory]
    [InlineData(double.NaN, 1)]
    [InlineData(0, 0)]
    [InlineData(0, -1)]
    [InlineData(0, double.NaN)]
    [InlineData(0, double.PositiveInfinity)]
    public void Values_that_cannot_normalise_are_refused(double mean, double deviation) =>
        Assert.Throws<InvalidOperationException>(() => new PixelNormalization(mean, deviation).Table());
}
