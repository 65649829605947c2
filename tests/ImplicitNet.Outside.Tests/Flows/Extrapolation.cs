namespace ImplicitNet.Outside.Tests.Flows;

/// <summary>
/// The referee's own solver: Gragg's midpoint rule, extrapolated to order 16 (Hairer, Nørsett and Wanner 1993, II.9). It shares nothing
/// with the library's.
/// </summary>
/// <param name="field">The field.</param>
/// <param name="input">q.</param>
internal sealed class Extrapolation(PlainField field, double[] input)
{
    private const int Columns = 8;
    private const int MostSteps = 4000;

    // States so much larger than at the start are followed no further, and smaller shares of the largest are as good as 0.
    private const double FarAway = 1e30;
    private const double Nothing = 1e-12;

    /// <summary>Whether the last flow met a place that no step is short enough for.</summary>
    public bool HasPole { get; private set; }

    /// <summary>The largest of every number along the last flow.</summary>
    public double[] Largest { get; private set; } = [];

    /// <summary>The state at the end; null where there is none, or not within reach.</summary>
    public double[]? End(double[] start, double from, double to, double tolerance)
    {
        (double[] u, double time, double size) = (start, from, (to - from) / 8);
        Largest = [.. start.Select(Math.Abs)];
        HasPole = false;
        double far = FarAway * (1 + Largest.Max());
        for (int step = 0; step < MostSteps; step++)
        {
            if (time == to)
            {
                return u;
            }

            bool isLast = Math.Abs(to - time) <= Math.Abs(size) * 1.0001;
            size = isLast ? to - time : size;
            (double[] next, double error) = Step(u, time, size);
            error = next.All(double.IsFinite) ? error : double.NaN;
            double scale = Math.Max(Nothing * Largest.Max(), Math.Max(u.Max(Math.Abs), next.Max(Math.Abs))), ratio = error / (tolerance * scale);
            if (ratio <= 1 || error == 0)
            {
                (u, time) = (next, isLast ? to : time + size);
                Largest = [.. Largest.Zip(u, (most, one) => Math.Max(most, Math.Abs(one)))];
            }

            HasPole = Math.Abs(size) < 1e-12 * Math.Max(1, Math.Abs(time));
            if (HasPole || u.Max(Math.Abs) > far)
            {
                return null;
            }

            double factor = double.IsFinite(ratio) ? 0.8 * Math.Pow(Math.Max(ratio, 1e-20), -1.0 / ((2 * Columns) - 1)) : 0.2;
            size *= Math.Clamp(factor, 0.2, 3);
        }

        return null;
    }

    private (double[] Next, double Error) Step(double[] u, double time, double size)
    {
        double[][] row = [];
        double error = double.NaN;
        for (int column = 0; column < Columns; column++)
        {
            double[][] next = new double[column + 1][];
            next[0] = Midpoint(u, time, size, 2 * (column + 1));
            for (int j = 1; j <= column; j++)
            {
                double share = Math.Pow((column + 1.0) / (column + 1 - j), 2) - 1;
                next[j] = [.. next[j - 1].Zip(row[j - 1], (finer, coarser) => finer + ((finer - coarser) / share))];
            }

            if (column == Columns - 1)
            {
                error = next[column].Zip(next[column - 1], (one, other) => Math.Abs(one - other)).Max();
            }

            row = next;
        }

        return (row[^1], error);
    }

    private double[] Midpoint(double[] u, double time, double size, int count)
    {
        double h = size / count;
        double[] slope = new double[u.Length], before = u, at = new double[u.Length];
        field(time, u, input, slope);
        for (int i = 0; i < u.Length; i++)
        {
            at[i] = u[i] + (h * slope[i]);
        }

        for (int step = 1; step < count; step++)
        {
            field(time + (step * h), at, input, slope);
            double[] next = new double[u.Length];
            for (int i = 0; i < u.Length; i++)
            {
                next[i] = before[i] + (2 * h * slope[i]);
            }

            (before, at) = (at, next);
        }

        field(time + size, at, input, slope);
        return [.. Enumerable.Range(0, u.Length).Select(i => (before[i] + at[i] + (h * slope[i])) / 2)];
    }
}
