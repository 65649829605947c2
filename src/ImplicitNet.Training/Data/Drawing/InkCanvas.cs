namespace ImplicitNet.Training.Data.Drawing;

/// <summary>The ink on one image, from 0 (none) to 1 (full), and its exposure to bytes.</summary>
internal readonly ref struct InkCanvas
{
    public const int PixelCount = Size * Size;
    private const int Size = StrokeDigits.ImageSize;

    private readonly Span<double> _ink;

    /// <param name="ink">Room for the ink, [28, 28]; cleared here.</param>
    public InkCanvas(Span<double> ink)
    {
        ink.Clear();
        _ink = ink;
    }

    /// <summary>Draws a stroke. Ink over ink is no darker than the darker of the two.</summary>
    /// <param name="stroke">The line, in pixels.</param>
    /// <param name="pressure">The pen's radius along the line.</param>
    /// <param name="softness">Half the width of the stroke's soft edge, in pixels.</param>
    public void Ink(ReadOnlySpan<Point> stroke, PenPressure pressure, double softness)
    {
        for (int index = 0; index + 1 < stroke.Length; index++)
        {
            InkPiece(stroke[index], stroke[index + 1], pressure.At((index + 0.5) / (stroke.Length - 1)), softness);
        }
    }

    /// <summary>Writes the image: ink times <paramref name="strength"/>, plus noise of that deviation, rounded to bytes.</summary>
    public void Expose(double strength, double noise, RandomNumbers random, Span<byte> image)
    {
        for (int place = 0; place < PixelCount; place++)
        {
            double light = (strength * _ink[place]) + (noise * random.NextNormal());
            image[place] = (byte)((255 * Math.Clamp(light, 0, 1)) + 0.5);
        }
    }

    private void InkPiece(Point from, Point to, double radius, double softness)
    {
        double reach = radius + softness;
        int left = Math.Max(0, (int)(Math.Min(from.X, to.X) - reach)), right = Math.Min(Size - 1, (int)(Math.Max(from.X, to.X) + reach));
        int top = Math.Max(0, (int)(Math.Min(from.Y, to.Y) - reach)), bottom = Math.Min(Size - 1, (int)(Math.Max(from.Y, to.Y) + reach));
        Point along = to - from;
        double squaredLength = Math.Max((along.X * along.X) + (along.Y * along.Y), 1e-12);
        for (int row = top; row <= bottom; row++)
        {
            for (int column = left; column <= right; column++)
            {
                Point offset = new Point(column + 0.5, row + 0.5) - from;
                double share = Math.Clamp(((offset.X * along.X) + (offset.Y * along.Y)) / squaredLength, 0, 1);
                double distance = Point.Distance(offset, share * along);
                double ink = Math.Clamp((reach - distance) / (2 * softness), 0, 1);
                ref double paper = ref _ink[(row * Size) + column];
                paper = Math.Max(paper, ink);
            }
        }
    }
}
