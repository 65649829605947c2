namespace ImplicitNet.Training.Data.Augmentations;

/// <summary>
/// Moves an image over black (byte 0), by whole pixels, all shifts up to the largest equally likely: for digits on a black ground.
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
