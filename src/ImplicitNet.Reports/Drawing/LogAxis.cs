using System.Globalization;

namespace ImplicitNet.Reports.Drawing;

/// <summary>Axes on which equal distances are equal ratios: positions are decimal logarithms.</summary>
internal static class LogAxis
{
    private const int MostDecades = 8;
    private const double Room = 0.04;

    // One label alone gives no scale.
    private const int LeastLabels = 2;

    /// <summary>An axis for positive values. Zero lies on its lower end, negative and non-finite values have no position.</summary>
    /// <param name="values">What it must hold.</param>
    /// <param name="isPlain">Whether powers of ten are written out where they are short, as is usual for counts and times.</param>
    public static ChartAxis ForValues(IEnumerable<double> values, bool isPlain = false)
    {
        double[] logarithms = [.. values.Where(value => double.IsFinite(value) && value > 0).Select(Math.Log10)];
        (double low, double high) = logarithms.Length == 0 ? (-1, 0) : (logarithms.Min(), logarithms.Max());
        double room = Math.Max(Room * (high - low), 0.08);
        (low, high) = (low - room, high + room);
        double floor = low;
        IReadOnlyList<AxisTick> ticks = Ticks(low, high, isPlain);
        bool isNarrow = ticks.Count(tick => tick.Label.Length > 0) < LeastLabels;
        return new ChartAxis(low, high, isNarrow ? Between(low, high) : ticks, value => value switch
        {
            0 => floor,
            > 0 and < double.PositiveInfinity => Math.Log10(value),
            _ => double.NaN,
        });
    }

    /// <summary>The ticks of equal differences, for a range too narrow to hold single digits.</summary>
    private static AxisTick[] Between(double low, double high)
    {
        (double least, double most) = (Math.Pow(10, low), Math.Pow(10, high));
        IReadOnlyList<AxisTick> ticks = LinearAxis.ForValues([least, most], least, most).Ticks;
        return [.. ticks.Select(tick => tick with { Position = Math.Log10(tick.Position) })];
    }

    private static List<AxisTick> Ticks(double low, double high, bool isPlain)
    {
        (int first, int last) = ((int)Math.Floor(low), (int)Math.Ceiling(high));
        int every = Math.Max((int)Math.Ceiling((high - low) / MostDecades), 1);

        // Below two decades the powers of ten are too few to read values off.
        bool labelsBetween = high - low < 2;
        List<AxisTick> ticks = [];
        for (int decade = first; decade <= last; decade++)
        {
            bool isLabelled = ((decade % every) + every) % every == 0;
            Add(decade, isLabelled ? labelsBetween || isPlain ? Plain(decade, 1) : WrittenNumber.PowerOfTen(decade) : "");
            for (int digit = 2; digit <= 9 && every == 1; digit++)
            {
                Add(decade + Math.Log10(digit), labelsBetween && (digit is 2 or 5 || high - low < 0.7) ? Plain(decade, digit) : "");
            }
        }

        return ticks;

        void Add(double position, string label)
        {
            if (position >= low && position <= high)
            {
                ticks.Add(new AxisTick(position, label));
            }
        }
    }

    private static string Plain(int decade, int digit) => decade is >= -4 and <= 5
        ? (digit * Math.Pow(10, decade)).ToString("#,0.#####", CultureInfo.InvariantCulture)
        : WrittenNumber.Scientific(digit.ToString(CultureInfo.InvariantCulture), decade);
}
