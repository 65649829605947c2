namespace ImplicitNet.Cli.Images;

/// <summary>Tells light ink from a dark ground: the ground becomes 0, the ink 255, the edges between stay smooth.</summary>
internal static class InkSeparation
{
    // Less difference between ink and ground than this is paper grain or sensor noise, not writing.
    private const double LeastContrast = 20;

    /// <summary>The separated image; null where there is no ink.</summary>
    public static GreyImage? Separate(GreyImage image)
    {
        int[] counts = new int[byte.MaxValue + 1];
        foreach (byte grey in image.Pixels)
        {
            counts[grey]++;
        }

        int threshold = Threshold(counts);
        (double ground, double spread) = Moments(counts.AsSpan(0, threshold), 0);
        (double ink, _) = Moments(counts.AsSpan(threshold), threshold);
        if (!(ink - ground >= LeastContrast))
        {
            return null;
        }

        // Two deviations above the mean ground is black: 98 % of a noisy ground, without biting into the edges of a clean one.
        double black = Math.Min(ground + (2 * spread), (ground + ink) / 2);
        byte[] pixels =
            Array.ConvertAll(image.Pixels, grey => (byte)Math.Round(Math.Clamp((grey - black) / (ink - black), 0, 1) * byte.MaxValue));
        return new GreyImage(pixels, image.Height, image.Width);
    }

    // N. Otsu, "A threshold selection method from gray-level histograms", 1979: the two classes whose means differ most, weighted by their
    // sizes.
    private static int Threshold(int[] counts)
    {
        double all = 0, sum = 0;
        for (int grey = 0; grey < counts.Length; grey++)
        {
            all += counts[grey];
            sum += (double)grey * counts[grey];
        }

        (int best, double bestVariance) = (0, -1);
        double below = 0, sumBelow = 0;
        for (int threshold = 1; threshold < counts.Length; threshold++)
        {
            below += counts[threshold - 1];
            sumBelow += (threshold - 1.0) * counts[threshold - 1];
            double above = all - below;
            double difference = below > 0 && above > 0 ? (sumBelow / below) - ((sum - sumBelow) / above) : 0;
            double variance = below * above * difference * difference;
            if (variance > bestVariance)
            {
                (best, bestVariance) = (threshold, variance);
            }
        }

        return best;
    }

    // Mean and standard deviation of the greys from a first one on; NaN where there is none.
    private static (double Mean, double Deviation) Moments(ReadOnlySpan<int> counts, int first)
    {
        double n = 0, sum = 0, squares = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            n += counts[i];
            sum += (double)(first + i) * counts[i];
            squares += (double)(first + i) * (first + i) * counts[i];
        }

        double mean = sum / n;
        return (mean, Math.Sqrt(Math.Max((squares / n) - (mean * mean), 0)));
    }
}
