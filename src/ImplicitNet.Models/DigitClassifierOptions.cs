namespace ImplicitNet.Models;

/// <summary>Sizes of a <see cref="DigitClassifier"/>. The defaults are for grey images of 28 x 28 in 10 classes: 35,856 parameters.</summary>
public sealed record DigitClassifierOptions
{
    /// <summary>Image height in pixels; at least 9 (a latent of 3); default 28.</summary>
    public int Height { get; init => field = AtLeast(value, 9, nameof(Height)); } = 28;

    /// <summary>Image width in pixels; at least 9; default 28.</summary>
    public int Width { get; init => field = AtLeast(value, 9, nameof(Width)); } = 28;

    /// <summary>Channels of the image; at least 1; default 1.</summary>
    public int ImageChannels { get; init => field = AtLeast(value, 1, nameof(ImageChannels)); } = 1;

    /// <summary>Classes; at least 2; default 10.</summary>
    public int Classes { get; init => field = AtLeast(value, 2, nameof(Classes)); } = 10;

    /// <summary>Channels of the latent; at least 1; default 32. The first and last layers have half as many.</summary>
    public int LatentChannels { get; init => field = AtLeast(value, 2, nameof(LatentChannels)); } = 32;

    /// <summary>Contraction factor gamma of R, in (0, 1), dimensionless; default 0.5.</summary>
    public double Gamma
    {
        get;
        init => field = value is > 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Gamma), value, "The contraction factor must be in (0, 1).");
    } = 0.5;

    /// <summary>Slope of every LeakyReLU left of 0, in [0, 1]; default 0.1.</summary>
    public double Slope
    {
        get;
        init => field = value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Slope), value, "The slope must be in [0, 1].");
    } = 0.1;

    /// <summary>Share of the readout's channels dropped in training, in [0, 1); default 0.2.</summary>
    public double Dropout
    {
        get;
        init => field = value is >= 0 and < 1 ? value : throw new ArgumentOutOfRangeException(nameof(Dropout), value, "The dropout must be in [0, 1).");
    } = 0.2;

    private static int AtLeast(int value, int minimum, string name) => value >= minimum
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {minimum}.");
}
