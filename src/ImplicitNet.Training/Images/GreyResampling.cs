namespace ImplicitNet.Training.Images;

/// <summary>Scales grey images with a triangular weight that is as wide as the scale asks, first the columns, then the rows.</summary>
/// <remarks>Plain arithmetic, so that a picture gives the same input to a network on every platform.</remarks>
internal static class GreyResampling
{
    /// <summary>Scales to the given size.</summary>
    public static GreyImage Resize(GreyImage image, int height, int width)
    {
        float[] narrow = new float[image.Height * width];
        for (int column = 0; column < width; column++)
        {
            (int first, float[] weights) = Weights(column, image.Width, width);
            for (int row = 0; row < image.Height; row++)
            {
                float sum = 0;
                for (int i = 0; i < weights.Length; i++)
                {
                    sum += weights[i] * image[row, first + i];
                }

                narrow[(row * width) + column] = sum;
            }
        }

        byte[] pixels = new byte[height * width];
        for (int row = 0; row < height; row++)
        {
            (int first, float[] weights) = Weights(row, image.Height, height);
            for (int column = 0; column < width; column++)
            {
                float sum = 0;
                for (int i = 0; i < weights.Length; i++)
                {
                    sum += weights[i] * narrow[((first + i) * width) + column];
                }

                pixels[(row * width) + column] = (byte)Math.Clamp(MathF.Round(sum), 0, byte.MaxValue);
            }
        }

        return new GreyImage(pixels, height, width);
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
