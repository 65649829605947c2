namespace ImplicitNet.Cli.Images;

/// <summary>Scales grey images with a triangular weight that is as wide as the scale asks, first the columns, then the rows.</summary>
/// <remarks>
/// Plain arithmetic, so that a picture gives the same input to a network on every platform. One row of the picture at a time: the memory is
/// that of the result, whatever the picture's sides.
/// </remarks>
internal static class GreyResampling
{
    /// <summary>Scales to the given size.</summary>
    public static GreyImage Resize(GreyImage image, int height, int width)
    {
        (int First, float[] Weights)[] columns = [.. Enumerable.Range(0, width).Select(column => Weights(column, image.Width, width))];
        (int First, float[] Weights)[] rows = [.. Enumerable.Range(0, height).Select(row => Weights(row, image.Height, height))];
        float[] narrow = new float[width];
        float[] sums = new float[height * width];
        int open = 0;
        for (int row = 0; row < image.Height; row++)
        {
            Narrow(image, row, columns, narrow);
            while (open < height && rows[open].First + rows[open].Weights.Length <= row)
            {
                open++;
            }

            for (int target = open; target < height && rows[target].First <= row; target++)
            {
                float weight = rows[target].Weights[row - rows[target].First];
                Span<float> sum = sums.AsSpan(target * width, width);
                for (int column = 0; column < width; column++)
                {
                    sum[column] += weight * narrow[column];
                }
            }
        }

        return new GreyImage(Array.ConvertAll(sums, sum => (byte)Math.Clamp(MathF.Round(sum), 0, byte.MaxValue)), height, width);
    }

    private static void Narrow(GreyImage image, int row, (int First, float[] Weights)[] columns, float[] narrow)
    {
        ReadOnlySpan<byte> pixels = image.Pixels.AsSpan(row * image.Width, image.Width);
        for (int column = 0; column < narrow.Length; column++)
        {
            (int first, float[] weights) = columns[column];
            float sum = 0;
            for (int i = 0; i < weights.Length; i++)
            {
                sum += weights[i] * pixels[first + i];
            }

            narrow[column] = sum;
        }
    }

    // The weights of the source pixels around the place of one target pixel; they add up to 1.
    private static (int First, float[] Weights) Weights(int target, int sourceLength, int targetLength)
    {
        double scale = (double)sourceLength / targetLength;
        double centre = ((target + 0.5) * scale) - 0.5;
        double reach = Math.Max(scale, 1);
        int first = Math.Max((int)Math.Ceiling(centre - reach), 0);
        int last = Math.Min((int)Math.Floor(centre + reach), sourceLength - 1);
        float[] weights = new float[last - first + 1];
        double total = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double weight = Math.Max(1 - (Math.Abs(first + i - centre) / reach), 0);
            weights[i] = (float)weight;
            total += weight;
        }

        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] /= (float)total;
        }

        return (first, weights);
    }
}
