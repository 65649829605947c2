using System.Globalization;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.History;

namespace ImplicitNet.Reports;

/// <summary>Charts of how good the gradient was over the steps of a run, with the changes of the gradient marked.</summary>
internal static class CertificateCharts
{
    private const int MostMarkers = 40;

    /// <summary>Cosine to the exact gradient: of the parameter gradient, and the least of a sample's direction.</summary>
    /// <param name="history">At least one certificate.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Chart Cosine(CertificateHistory history)
    {
        CertificateRecord[] records = Records(history);
        IEnumerable<double> values =
            records.Select(record => record.Cosine).Concat(records.Select(record => record.DirectionCosine ?? double.NaN)).Append(1);
        string description = string.Create(CultureInfo.InvariantCulture, $"Cosine of the parameter gradient to the exact one: "
            + $"{Range(records.Select(record => record.Cosine))} in {records.Length} certificates.");
        return Draw(history, "Gradient: cosine to the exact one", description, "Cosine", LinearAxis.ForValues(values, -1, 1.005), panel =>
        {
            panel.Line("parameter gradient", Points(records, record => record.Cosine), ChartPen.Thick(ChartColour.First), Marker(records));
            if (records.Any(record => record.DirectionCosine is not null))
            {
                panel.Line(
                    "worst direction",
                    Points(records, record => record.DirectionCosine ?? double.NaN),
                    ChartPen.Thick(ChartColour.Third, ChartDash.Dashed));
            }
        });
    }

    /// <summary>Relative error of the parameter gradient, and the largest contraction factor measured.</summary>
    /// <param name="history">At least one certificate.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Chart RelativeError(CertificateHistory history)
    {
        CertificateRecord[] records = Records(history);
        IEnumerable<double> values =
            records.Select(record => record.RelativeError).Concat(records.Select(record => record.Factor)).Append(0);
        string description = string.Create(CultureInfo.InvariantCulture, $"Relative error of the parameter gradient: "
            + $"{Range(records.Select(record => record.RelativeError))} in {records.Length} certificates.");
        return Draw(history, "Gradient: relative error", description, "Relative error, factor", LinearAxis.ForValues(values, 0), panel =>
        {
            panel.Line(
                "relative error", Points(records, record => record.RelativeError), ChartPen.Thick(ChartColour.First), Marker(records));
            panel.Line(
                "contraction factor", Points(records, record => record.Factor), ChartPen.Thick(ChartColour.Third, ChartDash.Dashed));
        });
    }

    private static ChartMarker? Marker(CertificateRecord[] records) => records.Length <= MostMarkers ? ChartMarker.Circle : null;

    private static CertificateRecord[] Records(CertificateHistory history)
    {
        ArgumentNullException.ThrowIfNull(history);
        return history.Certificates.Count > 0
            ? [.. history.Certificates]
            : throw new ArgumentException("A chart needs at least one certificate.", nameof(history));
    }

    private static Chart Draw(
        CertificateHistory history, string title, string description, string label, ChartAxis y, Action<ChartPanel> lines)
    {
        (long first, long last) = (history.Certificates.Min(record => record.Step), history.Certificates.Max(record => record.Step));
        ChartPanel panel = new("Optimiser step", LinearAxis.ForIntegers((int)first, (int)last), label, y);
        panel.MarkX("gradient raised", Steps(change => change.To > change.From), ChartPen.Mark(ChartColour.Second, ChartDash.Dashed));
        panel.MarkX("lowered", Steps(change => change.To < change.From), ChartPen.Mark(ChartColour.Good, ChartDash.Dotted));
        lines(panel);
        return new Chart(title, description, panel);

        double[] Steps(Func<GradientChangeRecord, bool> isWanted) =>
            [.. history.Changes.Where(isWanted).Select(change => (double)change.Step)];
    }

    private static (double X, double Y)[] Points(CertificateRecord[] records, Func<CertificateRecord, double> value) =>
        [.. records.Select(record => ((double)record.Step, value(record)))];

    private static string Range(IEnumerable<double> values)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        return finite.Length == 0
            ? "not known"
            : string.Create(CultureInfo.InvariantCulture, $"{finite.Min():0.000} to {finite.Max():0.000}");
    }
}
