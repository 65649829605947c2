using System.Globalization;

namespace ImplicitNet.Reports.Drawing;

/// <summary>
/// How numbers of any size are written in charts and pages: 0.0027 and 15,000, and 2.7 × 10⁻⁵ where that would have too many zeros.
/// </summary>
internal static class WrittenNumber
{
    /// <summary>The superscripts of a minus and the digits, in their order.</summary>
    public const string Superscripts = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹";

    private const double Least = 1e-4;
    private const double Most = 1e6;

    /// <summary>A number to some significant digits, without zeros at its end.</summary>
    public static string Of(double value, int digits = 3)
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return value.ToString(CultureInfo.InvariantCulture);
        }

        // Rounded first: 0.00009996 to three digits is 0.0001.
        string[] parts = value.ToString($"e{digits - 1}", CultureInfo.InvariantCulture).Split('e');
        int exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        double rounded = double.Parse($"{parts[0]}e{exponent}", CultureInfo.InvariantCulture);
        if (Math.Abs(rounded) is >= Least and < Most)
        {
            int decimals = Math.Max(digits - 1 - exponent, 0);
            return rounded.ToString($"#,0.{new string('#', decimals)}", CultureInfo.InvariantCulture);
        }

        string mantissa = parts[0].Contains('.', StringComparison.Ordinal) ? parts[0].TrimEnd('0').TrimEnd('.') : parts[0];
        return Scientific(mantissa, exponent);
    }

    /// <summary>A measured time to three digits, such as "0.41 ms", "12.3 ms" and "1.23 s".</summary>
    public static string OfTime(double seconds)
    {
        (double value, string unit) = seconds < 1 ? (seconds * 1000, "ms") : (seconds, "s");
        return $"{value.ToString(value switch { < 10 => "0.00", < 100 => "0.0", _ => "0" }, CultureInfo.InvariantCulture)} {unit}";
    }

    /// <summary>Such as 2.7 × 10⁻⁵.</summary>
    public static string Scientific(string mantissa, int exponent) => $"{mantissa} × {PowerOfTen(exponent)}";

    /// <summary>A power of ten, such as 10⁻³, 10 and 1.</summary>
    public static string PowerOfTen(int exponent) => exponent is 0 or 1
        ? exponent == 0 ? "1" : "10"
        : "10" + string.Concat(exponent.ToString(CultureInfo.InvariantCulture)
            .Select(digit => Superscripts[digit == '-' ? 0 : digit - '0' + 1]));
}
