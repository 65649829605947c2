using ImplicitNet.Files;

namespace ImplicitNet.Training.Data;

/// <summary><c>PixelNormalization.Of(dataset)</c>: normalisation by the statistics of the images themselves.</summary>
public static class MeasuredNormalization
{
    extension(PixelNormalization)
    {
        /// <summary>
        /// The mean and standard deviation (divided by n) of each channel over the images. Use those of the training part only.
        /// </summary>
        /// <exception cref="ArgumentException">There is no image, or all pixels of a channel are equal.</exception>
        public static PixelNormalization Of(ImageDataset dataset)
        {
            ArgumentNullException.ThrowIfNull(dataset);
            double[] means = new double[dataset.Channels];
            double[] deviations = new double[dataset.Channels];
            for (int channel = 0; channel < dataset.Channels; channel++)
            {
                (means[channel], deviations[channel]) = OfChannel(dataset, channel);
            }

            return new PixelNormalization([.. means], [.. deviations]);
        }
    }

    private static (double Mean, double Deviation) OfChannel(ImageDataset dataset, int channel)
    {
        Span<long> histogram = stackalloc long[256];
        ReadOnlySpan<byte> pixels = dataset.Pixels;
        for (int place = channel; place < pixels.Length; place += dataset.Channels)
        {
            histogram[pixels[place]]++;
        }

        // Whole numbers until the last division, so that the result depends on no order of summation.
        Int128 count = pixels.Length / dataset.Channels, sum = 0, sumOfSquares = 0;
        for (int value = 0; value < 256; value++)
        {
            sum += (Int128)value * histogram[value];
            sumOfSquares += (Int128)value * value * histogram[value];
        }

        Int128 scaledVariance = (count * sumOfSquares) - (sum * sum);
        if (scaledVariance == 0)
        {
            string which = dataset.Channels == 1 ? "" : $" in channel {channel}";
            throw new ArgumentException(
                $"{dataset.Name} has no two different pixels{which}, so they have no deviation to divide by.", nameof(dataset));
        }

        return ((double)sum / (255.0 * (double)count), Math.Sqrt((double)scaledVariance) / (255.0 * (double)count));
    }
}
