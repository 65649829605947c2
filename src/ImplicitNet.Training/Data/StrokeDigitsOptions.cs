namespace ImplicitNet.Training.Data;

/// <summary>What <see cref="StrokeDigits"/> draws. Two equal options give the same bytes on every machine.</summary>
public sealed record StrokeDigitsOptions
{
    private const int MostDrawings = 1 << 24;

    /// <summary>Seed of all drawings; any value, default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Number of training images; 10 to 2^24, default 12,000.</summary>
    public int TrainCount
    {
        get;
        init => field = Checked(nameof(TrainCount), value);
    } = 12_000;

    /// <summary>Number of validation images; 10 to 2^24, default 2,000.</summary>
    public int ValidationCount
    {
        get;
        init => field = Checked(nameof(ValidationCount), value);
    } = 2_000;

    /// <summary>Number of test images; 10 to 2^24, default 2,000.</summary>
    public int TestCount
    {
        get;
        init => field = Checked(nameof(TestCount), value);
    } = 2_000;

    /// <summary>Largest rotation either way, in degrees; 0 to 30, default 12.</summary>
    public double Rotation
    {
        get;
        init => field = value is >= 0 and <= 30 ? value : throw Refused(nameof(Rotation), value, "0 to 30 degrees");
    } = 12;

    /// <summary>
    /// Largest slant either way, as the tangent of its angle; 0 to 1, default 0.35. Digits lean to the right more than to the left.
    /// </summary>
    public double Slant
    {
        get;
        init => field = value is >= 0 and <= 1 ? value : throw Refused(nameof(Slant), value, "0 to 1");
    } = 0.35;

    /// <summary>Largest change of height and of width, as a fraction of each; 0 to 0.4, default 0.18.</summary>
    public double SizeVariation
    {
        get;
        init => field = value is >= 0 and <= 0.4 ? value : throw Refused(nameof(SizeVariation), value, "0 to 0.4");
    } = 0.18;

    /// <summary>Largest shift from the centre along each axis, in pixels; 0 to 6, default 2.5. A drawing never leaves the image.</summary>
    public double Shift
    {
        get;
        init => field = value is >= 0 and <= 6 ? value : throw Refused(nameof(Shift), value, "0 to 6 pixels");
    } = 2.5;

    /// <summary>
    /// Standard deviation of each point of a stroke from its model, as a fraction of the digit's height; 0 to 0.1, default 0.022.
    /// </summary>
    public double Jitter
    {
        get;
        init => field = value is >= 0 and <= 0.1 ? value : throw Refused(nameof(Jitter), value, "0 to 0.1");
    } = 0.022;

    /// <summary>
    /// Standard deviation of the smooth elastic deformation at its knots, as a fraction of the digit's height; 0 to 0.2, default 0.06.
    /// </summary>
    public double Elasticity
    {
        get;
        init => field = value is >= 0 and <= 0.2 ? value : throw Refused(nameof(Elasticity), value, "0 to 0.2");
    } = 0.06;

    /// <summary>Thinnest pen, in pixels; 1 to 5 and not above <see cref="ThickestPen"/>, default 1.5.</summary>
    public double ThinnestPen
    {
        get;
        init => field = value is >= 1 and <= 5 ? value : throw Refused(nameof(ThinnestPen), value, "1 to 5 pixels");
    } = 1.5;

    /// <summary>Thickest pen, in pixels; 1 to 5 and not below <see cref="ThinnestPen"/>, default 3.2.</summary>
    public double ThickestPen
    {
        get;
        init => field = value is >= 1 and <= 5 ? value : throw Refused(nameof(ThickestPen), value, "1 to 5 pixels");
    } = 3.2;

    /// <summary>Standard deviation of the noise of each pixel, as a fraction of full ink; 0 to 0.5, default 0.04.</summary>
    public double Noise
    {
        get;
        init => field = value is >= 0 and <= 0.5 ? value : throw Refused(nameof(Noise), value, "0 to 0.5");
    } = 0.04;

    private static int Checked(string name, int value) =>
        value is >= 10 and <= MostDrawings ? value : throw Refused(name, value, $"10 to {MostDrawings}");

    private static ArgumentOutOfRangeException Refused(string name, object value, string range) =>
        new(name, value, $"{name} must be {range}.");
}
