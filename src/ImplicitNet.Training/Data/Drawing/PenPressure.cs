namespace ImplicitNet.Training.Data.Drawing;

/// <summary>How the pen's radius changes along a stroke: straight lines between a few random radii.</summary>
internal readonly struct PenPressure
{
    private const double Variation = 0.16;

    private readonly double _start;
    private readonly double _middle;
    private readonly double _end;

    private PenPressure(double start, double middle, double end)
    {
        _start = start;
        _middle = middle;
        _end = end;
    }

    /// <param name="radius">The pen's usual radius, in pixels.</param>
    /// <param name="random">Where the changes come from.</param>
    public static PenPressure Random(double radius, RandomNumbers random)
    {
        double start = radius * (1 + (Variation * random.NextNormal()));
        double middle = radius * (1 + (Variation * random.NextNormal()));
        // A pen leaves the paper with less force than it met it.
        double end = radius * (0.9 + (Variation * random.NextNormal()));
        return new PenPressure(start, middle, end);
    }

    /// <summary>The radius in pixels at a share of the stroke, from 0 to 1.</summary>
    public double At(double share) =>
        share < 0.5 ? _start + (2 * share * (_middle - _start)) : _middle + (((2 * share) - 1) * (_end - _middle));
}
