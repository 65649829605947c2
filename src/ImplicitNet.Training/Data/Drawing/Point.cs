namespace ImplicitNet.Training.Data.Drawing;

/// <summary>A place in the plane, y pointing down.</summary>
internal readonly record struct Point(double X, double Y)
{
    public static Point operator +(Point left, Point right) => new(left.X + right.X, left.Y + right.Y);

    public static Point operator -(Point left, Point right) => new(left.X - right.X, left.Y - right.Y);

    public static Point operator *(double scale, Point point) => new(scale * point.X, scale * point.Y);

    public static double Distance(Point left, Point right)
    {
        Point difference = left - right;
        return Math.Sqrt((difference.X * difference.X) + (difference.Y * difference.Y));
    }
}
