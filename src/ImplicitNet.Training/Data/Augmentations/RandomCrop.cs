namespace ImplicitNet.Training.Data.Augmentations;

/// <summary>
/// Pads an image on all sides with black (byte 0) and cuts an image of the original size out of it at random, as is usual for CIFAR-10 (He,
/// Zhang, Ren and Sun, 2016, section 4.2). It does what <see cref="RandomShift"/> does, with random numbers of its own.
/// </summary>
public sealed record RandomCrop : Augmentation
{
    /// <summary>Pixels added on each side; 0 to 16, default 4.</summary>
    public int Padding
    {
        get;
        init => field = Checked(nameof(Padding), value, 0, 16);
    } = 4;

    internal override RandomPurpose Purpose => RandomPurpose.Crop;

    internal override void Apply(RandomNumbers random, AugmentedImage image) => image.MoveAtRandom(random, Padding);
}
