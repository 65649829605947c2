namespace ImplicitNet.Training.Data.Drawing;

/// <summary>
/// The line that a pen draws through the points of an arc: a centripetal Catmull-Rom curve, which neither overshoots nor loops where points
/// lie unevenly. Source: Catmull and Rom, 1974; Barry and Goldman's recursion, 1988; Yuksel, Schaefer and Keyser, 2011 (centripetal).
/// </summary>
internal static class PenPath
{
    private const int StepsPerPoint = 8;

    // Two points closer than this (of a box of 1 x 1) would divide by nearly nothing.
    private const double SmallestSpan = 1e-3;

    /// <summary>Adds the curve through <paramref name="points"/> to <paramref name="line"/> as short straight pieces.</summary>
    public static void Add(ReadOnlySpan<Point> points, List<Point> line)
    {
        if (line.Count == 0)
        {
            line.Add(points[0]);
        }

        for (int index = 0; index + 1 < points.Length; index++)
        {
            Point from = points[index], to = points[index + 1];
            // Beyond the ends the curve goes on as it came, mirrored.
            Point before = index > 0 ? points[index - 1] : (2 * from) - to;
            Point after = index + 2 < points.Length ? points[index + 2] : (2 * to) - from;
            double first = Span(before, from), second = first + Span(from, to), third = second + Span(to, after);
            for (int step = 1; step <= StepsPerPoint; step++)
            {
                double time = first + ((second - first) * step / StepsPerPoint);
                Point a = Between(before, from, 0, first, time);
                Point b = Between(from, to, first, second, time);
                Point c = Between(to, after, second, third, time);
                line.Add(Between(Between(a, b, 0, second, time), Between(b, c, first, third, time), first, second, time));
            }
        }
    }

    private static double Span(Point from, Point to) => Math.Max(SmallestSpan, Math.Sqrt(Point.Distance(from, to)));

    private static Point Between(Point left, Point right, double start, double end, double time)
    {
        double share = (time - start) / (end - start);
        return ((1 - share) * left) + (share * right);
    }
}
