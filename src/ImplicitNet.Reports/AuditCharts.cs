using System.Globalization;
using ImplicitNet.Certification;
using ImplicitNet.Operators;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Solvers;

namespace ImplicitNet.Reports;

/// <summary>Charts of the certificates of several gradients on one batch.</summary>
internal static class AuditCharts
{
    private const int MostBars = 20;

    /// <summary>How the contraction factors measured at the samples are spread, with the one declared.</summary>
    /// <param name="certificate">At least one sample that counts.</param>
    /// <exception cref="ArgumentException">No sample counts.</exception>
    public static Chart Factors(GradientCertificate certificate)
    {
        double[] factors = [.. Counted(certificate).Select(sample => sample.Factor).Where(double.IsFinite).Order()];

        // What is drawn is measured in L2: a factor in another norm is nothing to compare it with.
        ContractionReport contraction = certificate.Contraction;
        bool isAlike = contraction.Norm.Equals(ResidualNorm.L2);
        double[] marks = [.. new[] { contraction.Declared }.OfType<double>().Where(_ => isAlike)];
        ChartAxis x = LinearAxis.ForValues(factors.Concat(marks), lowest: 0);
        double width = NiceWidth((x.Maximum - x.Minimum) / MostBars);
        (int Bin, int Count)[] bins =
            [.. factors.GroupBy(factor => (int)Math.Floor(factor / width)).Select(group => (group.Key, group.Count()))];
        const string title = "Contraction factor by sample";
        string description = factors.Length == 0 ? "No factor could be measured." : string.Create(
            CultureInfo.InvariantCulture,
            $"Measured at {factors.Length} samples: {factors[0]:0.0000} to {factors[^1]:0.0000}, "
                + $"{factors[factors.Length / 2]:0.0000} in the median; certified {Known(contraction.Certified)}"
                + $"{(isAlike ? "" : $" in another norm, the {contraction.Norm} norm")}.");
        ChartPanel panel = new(
            "||dR/du|| at the fixed point", x, "Samples", LinearAxis.ForHeights(bins.Select(bin => bin.Count).DefaultIfEmpty(1).Max()));
        foreach ((int bin, int count) in bins)
        {
            panel.Bar(((bin + 0.07) * width, 0), ((bin + 0.93) * width, count), ChartColour.First);
        }

        panel.MarkX("declared", marks, ChartPen.Mark(ChartColour.Second, ChartDash.Dashed));
        return new Chart(title, description, panel);
    }

    /// <summary>
    /// One less the cosine of each sample's adjoint direction to the exact one, on a logarithmic axis, since most cosines are close
    /// to 1; a line for every gradient that has a direction.
    /// </summary>
    /// <param name="certificates">Of one batch; the samples are in the order of the first one's cosines.</param>
    /// <exception cref="ArgumentException">There are no certificates, or no sample counts.</exception>
    public static Chart Cosines(IReadOnlyList<GradientCertificate> certificates)
    {
        GradientCertificate[] known = WithDirections(certificates);
        SampleCertificate[][] samples = [.. known.Select(Counted)];
        int[] order = [.. Enumerable.Range(0, samples[0].Length).OrderBy(sample => samples[0][sample].Direction!.Value.Cosine)];
        double[][] cosines = [.. samples.Select(each => order.Select(sample => each[sample].Direction!.Value.Cosine).ToArray())];
        const string title = "Cosine of each sample's direction, short of 1";
        string description =
            string.Join(" ", known.Select((certificate, i) => string.Create(CultureInfo.InvariantCulture, $"{certificate.Label}: "
                + $"{cosines[i].Min():0.0000} at least.")));
        ChartPanel panel = new(
            $"Sample, in the order of {known[0].Label}",
            LinearAxis.ForIntegers(1, order.Length),
            $"1 {ChartFont.Minus} cosine, 0 is exact",
            LogAxis.ForValues(cosines.SelectMany(each => each).Select(Missing)));
        foreach ((int i, GradientCertificate certificate) in known.Index())
        {
            panel.Line(
                certificate.Label, [.. cosines[i].Select((cosine, sample) => (sample + 1.0, Missing(cosine)))], SeriesStyle.Of(i).Line);
        }

        return new Chart(title, description, panel);
    }

    /// <summary>
    /// The relative error of each gradient: of the samples' directions (range and median), and of the batch's parameter gradient.
    /// </summary>
    /// <param name="certificates">Of one batch.</param>
    /// <exception cref="ArgumentException">There are no certificates, or no sample counts.</exception>
    public static Chart Errors(IReadOnlyList<GradientCertificate> certificates)
    {
        GradientCertificate[] known = WithDirections(certificates);
        double[][] errors = [.. known.Select(certificate => Counted(certificate).Select(sample => sample.Direction!.Value.RelativeError)
            .Order().ToArray())];
        double[] whole = [.. known.Select(certificate => certificate.Gradient.RelativeError)];
        ChartAxis x = LogAxis.ForValues(errors.SelectMany(each => each).Concat(whole));
        const string title = "Relative error by gradient, against the exact one";
        string description = string.Join(" ", known.Select((certificate, i) =>
            $"{certificate.Label}: parameter gradient {WrittenNumber.Of(whole[i], 2)}, "
                + $"directions {WrittenNumber.Of(errors[i][0], 2)} to {WrittenNumber.Of(errors[i][^1], 2)}."));
        ChartPanel panel =
            new("Relative error", x, "", CategoryAxis.Of([.. known.Select(certificate => certificate.Label)])) { HasRows = true };
        for (int i = 0; i < known.Length; i++)
        {
            string? name(string text) => i == 0 ? text : null;
            ChartPen pen = ChartPen.Thick(ChartColour.First);
            panel.Line(name("directions, least to largest"), [(errors[i][0], i - 0.14), (errors[i][^1], i - 0.14)], pen);
            panel.Line(name("their median"), [(errors[i][errors[i].Length / 2], i - 0.14)], pen with { Width = 0 }, ChartMarker.Circle);
            panel.Line(
                name("parameter gradient"), [(whole[i], i + 0.14)], new ChartPen(ChartColour.Second, 0), ChartMarker.Series(3), radius: 4);
        }

        return new Chart(title, description, panel);
    }

    private static double Missing(double cosine) => Math.Max(0, 1 - cosine);

    private static double NiceWidth(double rough)
    {
        double decade = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return ((double[])[1, 2, 5, 10]).First(multiple => multiple * decade >= rough * (1 - 1e-9)) * decade;
    }

    private static string Known(double? factor) => factor?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "none";

    private static SampleCertificate[] Counted(GradientCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        SampleCertificate[] counted = [.. certificate.Counted];
        return counted.Length > 0
            ? counted
            : throw new ArgumentException("No sample counts: there is nothing to draw.", nameof(certificate));
    }

    private static GradientCertificate[] WithDirections(IReadOnlyList<GradientCertificate> certificates)
    {
        ArgumentNullException.ThrowIfNull(certificates);
        GradientCertificate[] known =
            [.. certificates.Where(certificate => Counted(certificate).All(sample => sample.Direction is not null))];
        return known.Length > 0
            ? known
            : throw new ArgumentException("No gradient has a direction: there is nothing to draw.", nameof(certificates));
    }
}
