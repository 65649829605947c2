namespace ImplicitNet.Training.Data.Drawing;

/// <summary>
/// A smooth random displacement of the plane over a box of 1 x 1: random vectors on a 4 x 4 grid, blended by uniform cubic B-splines, so
/// that
/// it bends without folding.
/// </summary>
internal readonly struct ElasticField
{
    // Grid cells across the box; a cubic spline needs three more knots than cells.
    private const int Cells = 3;
    private const int Knots = Cells + 3;

    private readonly Point[] _knots;

    /// <param name="random">Where the vectors come from.</param>
    /// <param name="strength">Standard deviation of each knot's vector along each axis, in units of the box.</param>
    public ElasticField(RandomNumbers random, double strength)
    {
        _knots = new Point[Knots * Knots];
        for (int knot = 0; knot < _knots.Length; knot++)
        {
            _knots[knot] = new Point(strength * random.NextNormal(), strength * random.NextNormal());
        }
    }

    /// <summary>Where a point goes. Points outside the box go as its border does.</summary>
    public Point Move(Point point)
    {
        Span<double> across = stackalloc double[4], down = stackalloc double[4];
        int column = Weights(point.X, across), row = Weights(point.Y, down);
        Point moved = point;
        for (int i = 0; i < 4; i++)
        {
            for (int j = 0; j < 4; j++)
            {
                moved += down[i] * across[j] * _knots[((row + i) * Knots) + column + j];
            }
        }

        return moved;
    }

    private static int Weights(double place, Span<double> weights)
    {
        double scaled = Math.Clamp(place, 0, 1) * Cells;
        int cell = Math.Min((int)scaled, Cells - 1);
        double t = scaled - cell, s = 1 - t;
        weights[0] = s * s * s / 6;
        weights[1] = ((3 * t * t * t) - (6 * t * t) + 4) / 6;
        weights[2] = ((3 * s * s * s) - (6 * s * s) + 4) / 6;
        weights[3] = t * t * t / 6;
        return cell;
    }
}
