namespace ImplicitNet.Training.Data;

/// <summary>How bytes become network inputs: (byte / 255 - mean) / deviation, dimensionless, the same for every channel.</summary>
/// <param name="Mean">Mean of byte / 255 over the training images; finite.</param>
/// <param name="Deviation">Standard deviation of byte / 255 over the training images; finite and above 0.</param>
public readonly record struct PixelNormalization(double Mean, double Deviation)
{
    /// <summary>MNIST: mean 0.1307, deviation 0.3081, the figures its published networks are trained with.</summary>
    public static PixelNormalization Mnist { get; } = new(0.1307, 0.3081);

    /// <summary>Fashion-MNIST: mean 0.2860, deviation 0.3530.</summary>
    public static PixelNormalization FashionMnist { get; } = new(0.2860, 0.3530);

    /// <summary>Mean and deviation (divided by n) over all pixels of the images; take it from the training part only.</summary>
    /// <exception cref="ArgumentException">There is no image, or all pixels are equal.</exception>
    public static PixelNormalization Of(ImageDataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        Span<long> histogram = stackalloc long[256];
        foreach (byte pixel in dataset.Pixels)
        {
            histogram[pixel]++;
        }

        // Whole numbers until the last division, so that the result depends on no order of summation.
        Int128 count = dataset.Pixels.Length, sum = 0, sumOfSquares = 0;
        for (int value = 0; value < 256; value++)
        {
            sum += (Int128)value * histogram[value];
            sumOfSquares += (Int128)value * value * histogram[value];
        }

        Int128 scaledVariance = (count * sumOfSquares) - (sum * sum);
        if (scaledVariance == 0)
        {
            throw new ArgumentException($"{dataset.Name} has no two different pixels, so they have no deviation to divide by.", nameof(dataset));
        }

        return new PixelNormalization((double)sum / (255.0 * (double)count), Math.Sqrt((double)scaledVariance) / (255.0 * (double)count));
    }

    /// <summary>The network input for each byte, float32, [256].</summary>
    /// <exception cref="InvalidOperationException">The mean is not finite, or the deviation is not finite and above 0.</exception>
    public float[] Table()
    {
        if (!double.IsFinite(Mean) || !(Deviation is > 0 and < double.PositiveInfinity))
        {
            throw new InvalidOperationException($"Mean {Mean} and deviation {Deviation} cannot normalise: finite numbers, deviation above 0.");
        }

        float[] table = new float[256];
        for (int value = 0; value < table.Length; value++)
        {
            table[value] = (float)(((value / 255.0) - Mean) / Deviation);
        }

        return table;
    }
}
