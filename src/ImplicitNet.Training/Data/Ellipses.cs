using System.Runtime.InteropServices;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Grey images to be restored that need no file: overlapping ellipses on black, as bodies are in tomography. All lies within the disc that
/// touches the sides, so that every ray that meets something is one that a scanner has.
/// </summary>
/// <remarks>
/// Four to twelve ellipses, each adding a value of -0.5 to 1 where it lies; what comes of it is cut to [0, 1], and a pixel is its mean over
/// 3 x 3 points. One channel, of one class, since nothing is asked of them but the image. Reproducible to the byte: nothing comes from a
/// platform's mathematics library.
/// </remarks>
public static class Ellipses
{
    private const int MostSide = 1024;
    private const int MostDrawings = 1 << 24;
    private const int PointsOfSide = 3;

    // In halves of a side: the disc ends at 1, and centre and longest axis together before it.
    private const double Reach = 0.95;
    private const double LongestAxis = 0.45;
    private const double ShortestAxis = 0.05;

    /// <summary>Draws one part. No two images, of one part or of two, share a random number.</summary>
    /// <param name="count">Images; 0 to 2^24.</param>
    /// <param name="side">Rows and columns of an image; 1 to 1024.</param>
    /// <param name="part">What they are for.</param>
    /// <param name="seed">Any seed.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number lies outside its range.</exception>
    public static ImageDataset Draw(int count, int side = 64, DataPart part = DataPart.Training, long seed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MostDrawings);
        ArgumentOutOfRangeException.ThrowIfLessThan(side, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(side, MostSide);
        if (!Enum.IsDefined(part))
        {
            throw new ArgumentOutOfRangeException(nameof(part), part, "There are the parts Training, Validation and Test.");
        }

        byte[] pixels = new byte[checked(count * side * side)];
        ulong key = RandomNumbers.Key(seed, RandomPurpose.Drawing);
        Parallel.For(0, count, index =>
        {
            // Counts end at 2^24, so the stream numbers of two parts never meet.
            RandomNumbers random = new(key, ((uint)part << 28) + (uint)index);
            Draw(random, side, pixels.AsSpan(index * side * side, side * side));
        });
        return new ImageDataset(
            $"ellipses of {side} x {side}, {part.ToString().ToLowerInvariant()}", side, side, 1, 1,
            ImmutableCollectionsMarshal.AsImmutableArray(pixels), ImmutableCollectionsMarshal.AsImmutableArray(new byte[count]));
    }

    private static void Draw(RandomNumbers random, int side, Span<byte> pixels)
    {
        int points = side * PointsOfSide;
        float[] values = new float[points * points];
        int ellipses = 4 + random.Next(9);
        for (int ellipse = 0; ellipse < ellipses; ellipse++)
        {
            Add(random, values, points);
        }

        for (int pixel = 0; pixel < pixels.Length; pixel++)
        {
            int top = pixel / side * PointsOfSide, left = pixel % side * PointsOfSide;
            float sum = 0;
            for (int point = 0; point < PointsOfSide * PointsOfSide; point++)
            {
                sum += Math.Clamp(values[((top + (point / PointsOfSide)) * points) + left + (point % PointsOfSide)], 0, 1);
            }

            pixels[pixel] = (byte)((sum / (PointsOfSide * PointsOfSide) * 255) + 0.5f);
        }
    }

    private static void Add(RandomNumbers random, float[] values, int points)
    {
        double longer = random.NextBetween(ShortestAxis, LongestAxis), shorter = random.NextBetween(ShortestAxis, longer);
        (double X, double Y) centre = InDisc(random), direction = InDisc(random);
        (double x, double y) = ((Reach - longer) * centre.X, (Reach - longer) * centre.Y);
        double length = Math.Sqrt((direction.X * direction.X) + (direction.Y * direction.Y));
        (double cosine, double sine) = length > 0 ? (direction.X / length, direction.Y / length) : (1, 0);
        float value = (float)random.NextBetween(-0.5, 1);

        // Only the square around it is looked at.
        int Place(double at) => (int)((at + 1) * points / 2);
        for (int row = Place(y - longer); row <= Place(y + longer); row++)
        {
            for (int column = Place(x - longer); column <= Place(x + longer); column++)
            {
                double right = (((2 * column) + 1.0) / points) - 1 - x, down = (((2 * row) + 1.0) / points) - 1 - y;
                double along = ((cosine * right) + (sine * down)) / longer, across = ((cosine * down) - (sine * right)) / shorter;
                if ((along * along) + (across * across) <= 1)
                {
                    values[(row * points) + column] += value;
                }
            }
        }
    }

    private static (double X, double Y) InDisc(RandomNumbers random)
    {
        double x, y;
        do
        {
            (x, y) = (random.NextBetween(-1, 1), random.NextBetween(-1, 1));
        }
        while ((x * x) + (y * y) > 1);
        return (x, y);
    }
}
