using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class EllipsesTests
{
    [Fact]
    public void All_lies_within_the_disc_that_touches_the_sides_and_nearly_every_image_shows_something()
    {
        const int side = 32;
        ImageDataset images = Ellipses.Draw(50, side);
        Assert.Equal((50, side, side, 1, 1), (images.Count, images.Height, images.Width, images.Channels, images.ClassCount));
        int dark = 0;
        for (int index = 0; index < images.Count; index++)
        {
            ReadOnlySpan<byte> image = images.Image(index);
            dark += image.ContainsAnyExcept((byte)0) ? 0 : 1;
            for (int place = 0; place < image.Length; place++)
            {
                double right = (place % side) - (0.5 * (side - 1)), down = (place / side) - (0.5 * (side - 1));
                if (Math.Sqrt((right * right) + (down * down)) > 0.5 * side)
                {
                    Assert.Equal(0, image[place]);
                }
            }
        }

        // A third of all ellipses darken: four of four in 1 image of 81.
        Assert.InRange(dark, 0, 3);
    }

    [Fact]
    public void The_same_options_give_the_same_bytes_and_parts_and_seeds_others()
    {
        byte[] first = Bytes(DataPart.Training, 1);
        Assert.Equal(first, Bytes(DataPart.Training, 1));
        Assert.NotEqual(first, Bytes(DataPart.Test, 1));
        Assert.NotEqual(first, Bytes(DataPart.Training, 2));

        // Every image by itself, and of a larger size the same ellipses.
        Assert.Equal(first[..(16 * 16)], Ellipses.Draw(1, 16).Pixels.ToArray());
        Assert.Equal(Average(first.AsSpan(0, 256)), Average(Ellipses.Draw(1, 48).Image(0)), 2.5);

        static byte[] Bytes(DataPart part, long seed) => Ellipses.Draw(3, 16, part, seed).Pixels.ToArray();
        static double Average(ReadOnlySpan<byte> image)
        {
            long sum = 0;
            foreach (byte pixel in image)
            {
                sum += pixel;
            }

            return (double)sum / image.Length;
        }
    }

    [Fact]
    public void Numbers_out_of_their_ranges_are_refused()
    {
        Assert.Empty(Ellipses.Draw(0).Pixels.ToArray());
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => Ellipses.Draw(-1)).ParamName);
        Assert.Equal("side", Assert.Throws<ArgumentOutOfRangeException>(() => Ellipses.Draw(1, 0)).ParamName);
        Assert.Equal("part", Assert.Throws<ArgumentOutOfRangeException>(() => Ellipses.Draw(1, 8, (DataPart)7)).ParamName);
    }
}
