namespace ImplicitNet.Training.Data.Drawing;

/// <summary>The random affine part of a drawing: from a box of 1 x 1 to pixels, and then to a place near the middle of the image.</summary>
internal readonly struct DigitPlacement
{
    // Height of the box in pixels; the digits of MNIST fill a box of 20.
    private const double BoxHeight = 20.0;

    private readonly Point _column;
    private readonly Point _row;
    private readonly Point _shift;

    private DigitPlacement(Point column, Point row, Point shift)
    {
        _column = column;
        _row = row;
        _shift = shift;
    }

    public static DigitPlacement Random(StrokeDigitsOptions options, RandomNumbers random)
    {
        double height = BoxHeight * (1 + random.NextBetween(-options.SizeVariation, options.SizeVariation));
        double width = height * (1 + random.NextBetween(-options.SizeVariation, options.SizeVariation));
        double slant = options.Slant * random.NextBetween(-0.6, 1.0);
        // The tangent of half the angle gives sine and cosine by division alone: the same digits of the result on every platform.
        double half = random.NextBetween(-1, 1) * options.Rotation * (Math.PI / 360.0);
        double cosine = (1 - (half * half)) / (1 + (half * half)), sine = 2 * half / (1 + (half * half));
        Point shift = new(random.NextBetween(-options.Shift, options.Shift), random.NextBetween(-options.Shift, options.Shift));
        Point column = new(width * cosine, width * sine);
        Point row = new((-height * sine) - (slant * height * cosine), (height * cosine) - (slant * height * sine));
        return new DigitPlacement(column, row, shift);
    }

    public Point Turn(Point point) => (point.X * _column) + (point.Y * _row);

    /// <summary>
    /// Moves the strokes to the middle of the image and by the shift from there, and shrinks them where they would leave it.
    /// </summary>
    /// <param name="strokes">The strokes, in pixels; changed in place.</param>
    /// <param name="margin">Pixels to leave free at each side.</param>
    public void FitInside(List<Point[]> strokes, double margin)
    {
        Point low = strokes[0][0], high = low;
        foreach (Point[] stroke in strokes)
        {
            foreach (Point point in stroke)
            {
                low = new Point(Math.Min(low.X, point.X), Math.Min(low.Y, point.Y));
                high = new Point(Math.Max(high.X, point.X), Math.Max(high.Y, point.Y));
            }
        }

        double room = StrokeDigits.ImageSize - (2 * margin);
        Point size = high - low, middle = 0.5 * (low + high);
        double scale = Math.Min(1, room / Math.Max(size.X, size.Y));
        Point target = new(Place(_shift.X, room - (scale * size.X)), Place(_shift.Y, room - (scale * size.Y)));
        foreach (Point[] stroke in strokes)
        {
            for (int index = 0; index < stroke.Length; index++)
            {
                stroke[index] = (scale * (stroke[index] - middle)) + target;
            }
        }
    }

    private static double Place(double shift, double slack)
    {
        // Where the drawing was shrunk to fit, rounding can leave the slack a little below 0.
        double free = Math.Max(0, slack / 2);
        return (StrokeDigits.ImageSize / 2.0) + Math.Clamp(shift, -free, free);
    }
}
