using CsCheck;
using ImplicitNet.Cli.Images;

namespace ImplicitNet.Tests.Cli.Images;

public sealed class GreyImageTests
{
    [Fact]
    public void Sizes_that_do_not_fit_the_pixels_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new GreyImage(new byte[5], 2, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GreyImage([], 0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GreyImage(new byte[4], 2, 2).Resized(0, 1));
    }

    [Fact]
    public void Shrinking_averages() => Assert.Equal([100], new GreyImage([0, 200, 200, 0], 2, 2).Resized(1, 1).Pixels);

    [Fact]
    public void Enlarging_interpolates() => Assert.Equal([0, 25, 75, 100], new GreyImage([0, 100], 1, 2).Resized(1, 4).Pixels);

    [Fact]
    public void Resizing_keeps_an_even_grey_the_mean_of_a_smooth_image_and_mirroring() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Byte).Sample((height, width, newHeight, newWidth, grey) =>
        {
            byte[] even = [.. Enumerable.Repeat(grey, height * width)];
            Assert.All(new GreyImage(even, height, width).Resized(newHeight, newWidth).Pixels, pixel => Assert.Equal(grey, pixel));

            byte[] ramp = [.. Enumerable.Range(0, height * width).Select(i => (byte)(i % width * 255 / width))];
            byte[] mirrored = [.. ramp.Chunk(width).SelectMany(row => row.Reverse())];
            byte[] small = new GreyImage(ramp, height, width).Resized(newHeight, newWidth).Pixels;
            byte[] smallMirrored = new GreyImage(mirrored, height, width).Resized(newHeight, newWidth).Pixels;
            Assert.InRange(small.Average(pixel => pixel), ramp.Average(pixel => pixel) - 6, ramp.Average(pixel => pixel) + 6);
            Assert.All(
                small.Zip(smallMirrored.Chunk(newWidth).SelectMany(row => row.Reverse())),
                pair => Assert.InRange(pair.First - pair.Second, -1, 1));
        });
}
