using System.Globalization;

namespace ImplicitNet.Reports.Drawing;

/// <summary>Axes on which equal distances are equal differences.</summary>
internal static class LinearAxis
{
    private const int TickTarget = 6;
    private const int IntegerTickTarget = 10;

    /// <summary>An axis for measured values, with a little room around them, but not beyond the bounds given.</summary>
    public static ChartAxis ForValues(
        IEnumerable<double> values, double lowest = double.NegativeInfinity, double highest = double.PositiveInfinity)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        (double low, double high) = finite.Length == 0 ? (0, 1) : (finite.Min(), finite.Max());

        // Values that are equal but for rounding get a range around them that is in keeping with their size; zeros have none.
        double size = Math.Max(Math.Abs(low), Math.Abs(high));
        double room = high - low > 1e-9 * size ? 0.06 * (high - low) : size > 0 ? Math.Max(0.1 * size, 1e-12) : 1;
        (low, high) = (Math.Max(low - room, lowest), Math.Min(high + room, highest));
        double step = NiceStep((high - low) / TickTarget, [1, 2, 2.5, 5, 10]);
        string format = Format(Math.Max(Math.Abs(low), Math.Abs(high)), step);
        return new ChartAxis(low, high, Ticks(low, high, step, format), static value => double.IsFinite(value) ? value : double.NaN);
    }

    /// <summary>An axis for counts, with ticks at whole numbers only and half a unit of room at both ends.</summary>
    public static ChartAxis ForIntegers(int first, int last)
    {
        double step = Math.Max(NiceStep((last - first + 1.0) / IntegerTickTarget, [1, 2, 5, 10]), 1);
        double room = Math.Max(0.5, 0.015 * (last - first));
        return new ChartAxis(first - room, last + room, Ticks(first, last, step, "N0"), static value => value);
    }

    /// <summary>An axis for the heights of bars, from 0.</summary>
    public static ChartAxis ForHeights(int highest)
    {
        double step = Math.Max(NiceStep(highest / (double)TickTarget, [1, 2, 5, 10]), 1);
        double top = Math.Max(highest * 1.08, 1);
        return new ChartAxis(0, top, Ticks(0, top, step, "N0"), static value => value);
    }

    // As many digits as tell neighbouring ticks apart.
    private static string Format(double size, double step)
    {
        int quarter = IsQuarter(step) ? 1 : 0;
        if (size is >= 1e-3 and < 1e6)
        {
            return string.Create(CultureInfo.InvariantCulture, $"N{Math.Max((int)Math.Ceiling(-Math.Log10(step) - 1e-9) + quarter, 0)}");
        }

        int digits = Math.Max((int)Math.Ceiling(Math.Log10(size / step)) + quarter, 0);
        return $"0.{new string('#', digits)}e0";
    }

    private static bool IsQuarter(double step) => Math.Abs((step / Math.Pow(10, Math.Floor(Math.Log10(step)))) - 2.5) < 1e-6;

    private static double NiceStep(double rough, double[] multiples)
    {
        double decade = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return multiples.First(multiple => multiple * decade >= rough * (1 - 1e-9)) * decade;
    }

    private static AxisTick[] Ticks(double low, double high, double step, string format)
    {
        long first = (long)Math.Ceiling((low / step) - 1e-9);
        long last = (long)Math.Floor((high / step) + 1e-9);
        return [.. Enumerable.Range(0, (int)Math.Max(last - first + 1, 0))
            .Select(i => (first + i) * step)
            .Select(value => new AxisTick(value, Label(value, format).Replace("-", ChartFont.Minus, StringComparison.Ordinal)))];
    }

    private static string Label(double value, string format)
    {
        string[] parts = value.ToString(format, CultureInfo.InvariantCulture).Split('e');
        return parts.Length == 1
            ? parts[0]
            : value == 0 ? "0" : WrittenNumber.Scientific(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
