using System.Globalization;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Cli;

/// <summary>How numbers are written for people: in the invariant culture, with their units.</summary>
internal static class Display
{
    public static string Percent(double share) =>
        double.IsFinite(share) ? string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.00} %") : "not known";

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Such as "1 thread" and "2 threads".</summary>
    public static string Counted(long count, string one) => $"{Count(count)} {one}{(count == 1 ? "" : "s")}";

    /// <summary>Such as "seed 2" and "seeds 1, 2, 3".</summary>
    public static string Seeds(IReadOnlyList<long> seeds) =>
        string.Create(CultureInfo.InvariantCulture, $"{(seeds.Count == 1 ? "seed" : "seeds")} {string.Join(", ", seeds)}");

    public static string Number(double value, string format = "0.0000") => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>
    /// A loss to four digits behind the point; one that has run away, such as "5.3e+07", shows that and keeps its column.
    /// </summary>
    public static string Loss(double? loss) => loss is { } value && Math.Abs(value) >= 1000
        ? value.ToString("0.0e+00", CultureInfo.InvariantCulture)
        : Number(loss ?? double.NaN);

    public static string Factor(double? value) => value is { } known ? Number(known) : "none";

    public static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:N0} MiB");

    /// <summary>A measured time to three digits, such as "0.41 ms", "12.3 ms" and "1.23 s".</summary>
    public static string Measured(double seconds) => WrittenNumber.OfTime(seconds);

    /// <summary>A residual, such as "3.2e-09"; "-" where it is not finite.</summary>
    public static string Residual(double value) => double.IsFinite(value) ? value.ToString("0.0e+00", CultureInfo.InvariantCulture) : "-";

    /// <summary>A time that is given in hours, such as "2 h", "1.5 h" and "3.6 s".</summary>
    public static string Hours(double hours) => hours >= 1 ? $"{Number(hours, "0.##")} h" : Seconds(3600 * hours);

    public static string Seconds(double seconds) => seconds switch
    {
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(seconds / 60):0} min {Math.Floor(seconds % 60):0} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(seconds / 3600):0} h {Math.Floor(seconds / 60 % 60):0} min"),
    };
}
