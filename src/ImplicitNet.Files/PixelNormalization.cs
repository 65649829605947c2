namespace ImplicitNet.Files;

/// <summary>
/// How bytes become network inputs: (byte / 255 - mean) / deviation, dimensionless, with one mean and deviation for each channel or one for
/// all. Two with the same numbers are equal.
/// </summary>
public sealed record PixelNormalization
{
    /// <summary>Creates the normalisation; a single number is for all channels.</summary>
    /// <param name="mean">Means of byte / 255 over the training images; finite.</param>
    /// <param name="deviation">Standard deviations of byte / 255 over the training images, as many; finite and above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number lies outside its range.</exception>
    /// <exception cref="ArgumentException">There are not as many deviations as means.</exception>
    public PixelNormalization(ChannelValues mean, ChannelValues deviation)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(deviation);
        if (!mean.All(double.IsFinite))
        {
            throw new ArgumentOutOfRangeException(nameof(mean), $"A mean must be finite; given {mean}.");
        }

        if (!deviation.All(number => number is > 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(deviation), $"A deviation must be a finite number above 0; given {deviation}.");
        }

        if (mean.Count != deviation.Count)
        {
            throw new ArgumentException(
                $"Each mean needs a deviation; given are {mean.Count} means and {deviation.Count} deviations.", nameof(deviation));
        }

        (Mean, Deviation) = (mean, deviation);
    }

    /// <summary>MNIST: mean 0.1307, deviation 0.3081, the values that published networks are trained with.</summary>
    public static PixelNormalization Mnist { get; } = new(0.1307, 0.3081);

    /// <summary>Fashion-MNIST: mean 0.2860, deviation 0.3530.</summary>
    public static PixelNormalization FashionMnist { get; } = new(0.2860, 0.3530);

    /// <summary>CIFAR-10: the values of its 50,000 training images, in the order red, green, blue.</summary>
    public static PixelNormalization Cifar10 { get; } = new([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]);

    /// <summary>SVHN: the values that published networks are trained with, in the order red, green, blue.</summary>
    public static PixelNormalization Svhn { get; } = new([0.4377, 0.4438, 0.4728], [0.1980, 0.2010, 0.1970]);

    /// <summary>Means of byte / 255, dimensionless.</summary>
    public ChannelValues Mean { get; }

    /// <summary>Standard deviations of byte / 255, dimensionless; as many as there are means.</summary>
    public ChannelValues Deviation { get; }

    /// <summary>The network input for each byte of a channel, float32, [256].</summary>
    /// <param name="channel">At least 0; with one mean for all channels every channel has the same table.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such channel.</exception>
    public float[] Table(int channel = 0)
    {
        (double mean, double deviation) = (Mean.Of(channel), Deviation.Of(channel));
        float[] table = new float[256];
        for (int value = 0; value < table.Length; value++)
        {
            table[value] = (float)(((value / 255.0) - mean) / deviation);
        }

        return table;
    }
}
