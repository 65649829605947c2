using ImplicitNet.Files;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class PixelNormalizationTests
{
    [Fact]
    public void It_is_the_mean_and_deviation_of_the_pixels()
    {
        PixelNormalization found = PixelNormalization.Of(new ImageDataset("two", 1, 2, 1, 1, [0, 255], [0]));
        Assert.Equal(0.5, Assert.Single(found.Mean), 12);
        Assert.Equal(0.5, Assert.Single(found.Deviation), 12);
        float[] table = found.Table();
        Assert.Equal((-1f, 1f), (table[0], table[255]));
    }

    [Fact]
    public void Each_channel_has_its_own()
    {
        // Two images of one pixel; the second channel is 51 and 153, a fifth and three fifths.
        PixelNormalization found = PixelNormalization.Of(new ImageDataset("two", 1, 1, 2, 1, [0, 51, 255, 153], [0, 0]));
        Assert.Equal([0.5, 0.4], found.Mean.Select(mean => Math.Round(mean, 12)));
        Assert.Equal([0.5, 0.2], found.Deviation.Select(deviation => Math.Round(deviation, 12)));
        Assert.Equal((-1f, 1f), (found.Table(0)[0], found.Table(0)[255]));
        Assert.Equal((-1f, 1f), (found.Table(1)[51], found.Table(1)[153]));
        Assert.Throws<ArgumentOutOfRangeException>(() => found.Table(2));
    }

    [Fact]
    public void One_number_serves_all_channels() => Assert.Equal(new PixelNormalization(0.2, 0.3).Table(), new PixelNormalization(0.2, 0.3).Table(2));

    [Fact]
    public void Equal_numbers_are_equal_and_told_in_order()
    {
        PixelNormalization three = new([0.1, 0.2, 0.3], [1, 2, 3]);
        Assert.Equal(new PixelNormalization([0.1, 0.2, 0.3], [1, 2, 3]), three);
        Assert.Equal(new PixelNormalization([0.1, 0.2, 0.3], [1, 2, 3]).GetHashCode(), three.GetHashCode());
        Assert.NotEqual(new PixelNormalization([0.1, 0.3, 0.2], [1, 2, 3]), three);
        Assert.Equal("PixelNormalization { Mean = [0.1, 0.2, 0.3], Deviation = [1, 2, 3] }", three.ToString());
        Assert.Equal("PixelNormalization { Mean = 0.1307, Deviation = 0.3081 }", PixelNormalization.Mnist.ToString());
    }

    [Fact]
    public void Equal_pixels_are_refused()
    {
        Assert.Throws<ArgumentException>(() => PixelNormalization.Of(new ImageDataset("flat", 1, 2, 1, 1, [9, 9], [0])));
        Assert.Contains(
            "in channel 1", Assert.Throws<ArgumentException>(() => PixelNormalization.Of(new ImageDataset("flat", 1, 2, 2, 1, [1, 9, 2, 9], [0]))).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => PixelNormalization.Of(new ImageDataset("empty", 1, 2, 1, 1, [], [])));
    }

    [Fact]
    public void Means_without_deviations_are_refused() => Assert.Throws<ArgumentException>(() => new PixelNormalization([0.1, 0.2], 1));

    [Theory]
    [InlineData(double.NaN, 1)]
    [InlineData(0, 0)]
    [InlineData(0, -1)]
    [InlineData(0, double.NaN)]
    [InlineData(0, double.PositiveInfinity)]
    public void Values_that_cannot_normalise_are_refused(double mean, double deviation) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PixelNormalization([0, mean], [1, deviation]));
}
