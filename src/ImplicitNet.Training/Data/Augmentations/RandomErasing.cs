namespace ImplicitNet.Training.Data.Augmentations;

/// <summary>
/// Puts the mean colour, 0 after normalisation, into a random rectangle of some images (Zhong, Zheng, Kang, Li and Yang, "Random erasing
/// data augmentation", 2020).
/// </summary>
/// <remarks>
/// The area is drawn evenly between its limits, the aspect evenly between 1 and its limit, and which side is the longer one by the toss of
/// a coin. A rectangle that does not fit is drawn again, ten times at most; after that the image stays whole. Only operations that IEEE 754
/// rounds exactly are used, so the rectangles are the same on every machine.
/// </remarks>
public sealed record RandomErasing : Augmentation
{
    private const int Trials = 10;

    /// <summary>Share of the images that lose a rectangle; 0 to 1, default 0.5.</summary>
    public double Probability
    {
        get;
        init => field = Checked(nameof(Probability), value, value is >= 0 and <= 1, "0 to 1");
    } = 0.5;

    /// <summary>Smallest rectangle, as a share of the image; above 0 and at most 1, default 0.02.</summary>
    public double LeastArea
    {
        get;
        init => field = Checked(nameof(LeastArea), value, value is > 0 and <= 1, "above 0 and at most 1");
    } = 0.02;

    /// <summary>Largest rectangle, as a share of the image; above 0 and at most 1, default 0.33.</summary>
    public double MostArea
    {
        get;
        init => field = Checked(nameof(MostArea), value, value is > 0 and <= 1, "above 0 and at most 1");
    } = 0.33;

    /// <summary>Largest ratio of the longer side to the shorter; 1 to 100, default 3.3.</summary>
    public double MostAspect
    {
        get;
        init => field = Checked(nameof(MostAspect), value, value is >= 1 and <= 100, "1 to 100");
    } = 3.3;

    internal override RandomPurpose Purpose => RandomPurpose.Erase;

    internal override void Apply(RandomNumbers random, AugmentedImage image)
    {
        if (random.NextUnit() >= Probability)
        {
            return;
        }

        for (int trial = 0; trial < Trials; trial++)
        {
            double area = random.NextBetween(LeastArea, MostArea) * image.Height * image.Width;
            double aspect = random.NextBetween(1, MostAspect);
            int longer = (int)Math.Round(Math.Sqrt(area * aspect));
            int shorter = (int)Math.Round(Math.Sqrt(area / aspect));
            (int height, int width) = random.Next(2) == 0 ? (longer, shorter) : (shorter, longer);
            if (height >= 1 && width >= 1 && height <= image.Height && width <= image.Width)
            {
                image.Erase(random.Next(image.Height - height + 1), random.Next(image.Width - width + 1), height, width);
                return;
            }
        }
    }
}
