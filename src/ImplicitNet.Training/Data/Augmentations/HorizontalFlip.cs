namespace ImplicitNet.Training.Data.Augmentations;

/// <summary>Exchanges left and right at random: for photographs, never for digits or letters.</summary>
public sealed record HorizontalFlip : Augmentation
{
    /// <summary>Share of the images that are mirrored; 0 to 1, default 0.5.</summary>
    public double Probability
    {
        get;
        init => field = Checked(nameof(Probability), value, value is >= 0 and <= 1, "0 to 1");
    } = 0.5;

    internal override RandomPurpose Purpose => RandomPurpose.Flip;

    internal override void Apply(RandomNumbers random, AugmentedImage image)
    {
        if (random.NextUnit() < Probability)
        {
            image.Mirror();
        }
    }
}
