namespace ImplicitNet.Training.Data.Drawing;

/// <summary>Draws one digit: chooses a shape, bends it, places it and inks it.</summary>
internal sealed class DigitPen(StrokeDigitsOptions options)
{
    /// <summary>Draws a digit over <paramref name="image"/>, [28, 28].</summary>
    public void Draw(int digit, RandomNumbers random, Span<byte> image)
    {
        ReadOnlySpan<StrokeShape> shapes = DigitShapes.Of(digit);
        List<Point[]> strokes = Trace(shapes[random.Next(shapes.Length)], random);
        ElasticField field = new(random, options.Elasticity);
        double thickness = random.NextBetween(options.ThinnestPen, options.ThickestPen);
        DigitPlacement placement = DigitPlacement.Random(options, random);
        foreach (Point[] stroke in strokes)
        {
            for (int index = 0; index < stroke.Length; index++)
            {
                stroke[index] = placement.Turn(field.Move(stroke[index]));
            }
        }

        placement.FitInside(strokes, (thickness / 2) + 0.5);
        InkCanvas canvas = new(stackalloc double[InkCanvas.PixelCount]);
        double softness = random.NextBetween(0.45, 0.75);
        foreach (Point[] stroke in strokes)
        {
            canvas.Ink(stroke, PenPressure.Random(thickness / 2, random), softness);
        }

        canvas.Expose(random.NextBetween(0.8, 1.0), options.Noise, random, image);
    }

    private List<Point[]> Trace(StrokeShape shape, RandomNumbers random)
    {
        List<Point[]> strokes = [];
        foreach (Point[][] arcs in shape.Strokes)
        {
            List<Point> line = [];
            Point corner = default;
            foreach (Point[] arc in arcs)
            {
                Point[] points = [.. arc];
                for (int index = 0; index < points.Length; index++)
                {
                    points[index] += new Point(options.Jitter * random.NextNormal(), options.Jitter * random.NextNormal());
                }

                // The pen turns at the corner where the arc before ended, not beside it.
                points[0] = line.Count == 0 ? points[0] : corner;
                corner = points[^1];
                PenPath.Add(points, line);
            }

            strokes.Add([.. line]);
        }

        return strokes;
    }
}
