namespace ImplicitNet.Training.Data.Augmentations;

/// <summary>A random change of a training image that leaves its class as it is.</summary>
/// <remarks>
/// What is drawn for an image is a function of the seed, the epoch, the image's index and the kind of augmentation only: neither the batch
/// nor the other augmentations matter, and a resumed run draws the same. Images are changed after normalisation.
/// </remarks>
public abstract record Augmentation
{
    // The kinds are those of this namespace: each needs random numbers of its own.
    private protected Augmentation()
    {
    }

    /// <summary>What keeps its random numbers apart from those of other kinds.</summary>
    internal abstract RandomPurpose Purpose { get; }

    /// <summary>Changes one image in place.</summary>
    internal abstract void Apply(RandomNumbers random, AugmentedImage image);

    private protected static int Checked(string name, int value, int least, int most) => value >= least && value <= most
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be {least} to {most}.");

    private protected static double Checked(string name, double value, bool isRight, string range) => isRight
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be {range}.");
}
