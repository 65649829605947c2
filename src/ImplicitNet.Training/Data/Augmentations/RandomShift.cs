namespace ImplicitNet.Training.Data.Augmentations;

/// <summary>
/// Shifts an image by whole pixels over black (byte 0), all shifts up to the largest being equally likely: for digits on a black
/// background.
/// </summary>
public sealed record RandomShift : Augmentation
{
    /// <summary>Largest shift along each axis, in pixels; 0 to 16, default 2.</summary>
    public int Maximum
    {
        get;
        init => field = Checked(nameof(Maximum), value, 0, 16);
    } = 2;

    internal override RandomPurpose Purpose => RandomPurpose.Shift;

    internal override void Apply(RandomNumbers random, AugmentedImage image) => image.MoveAtRandom(random, Maximum);
}
