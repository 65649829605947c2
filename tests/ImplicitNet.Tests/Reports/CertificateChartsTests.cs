using System.Xml.Linq;
using ImplicitNet.Certification;
using ImplicitNet.Operators;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Solvers;
using ImplicitNet.Training.History;

namespace ImplicitNet.Tests.Reports;

public sealed class CertificateChartsTests
{
    [Fact]
    public void Charts_of_a_history_say_what_they_show_and_mark_the_changes()
    {
        CertificateHistory history = new([Record(10, 0.8), Record(20, double.NaN), Record(30, 1)], [new(10, 0, 1, 0.8), new(30, 1, 0, 1)]);
        Chart cosine = CertificateCharts.Cosine(history);
        Assert.Contains("0.800 to 1.000 in 3 certificates", cosine.Description, StringComparison.Ordinal);
        string svg = cosine.ToElement(560, "wide");
        Assert.All(["Optimiser step", "Cosine", "parameter gradient", "gradient raised", "lowered"], text => Assert.Contains(text, Texts(svg)));
        Assert.NotEmpty(CertificateCharts.RelativeError(history).ToPng());
    }

    [Fact]
    public void One_certificate_is_enough_and_none_is_refused()
    {
        CertificateHistory one = new([Record(1, 0.9)], []);
        Assert.NotEmpty(CertificateCharts.Cosine(one).ToPng());
        Assert.NotEmpty(CertificateCharts.RelativeError(one).ToPng());
        Assert.Throws<ArgumentException>(() => CertificateCharts.Cosine(CertificateHistory.Empty));
    }

    [Fact]
    public void Records_come_back_from_a_history_as_they_were()
    {
        CertificateRecord record = Record(7, 0.25) with { DirectionCosine = 0.125, Level = 2 };
        Assert.Equal(record, CertificateRecord.FromHistory(record.ToHistory()));
        Assert.Null(CertificateRecord.FromHistory(Record(7, 0.25).ToHistory()).DirectionCosine);
        GradientChangeRecord change = new(7, 1, 2, double.NaN);
        Assert.Equal(change, GradientChangeRecord.FromHistory(change.ToHistory()));
    }

    [Fact]
    public void Charts_of_an_audit_can_be_drawn_whatever_the_figures()
    {
        GradientCertificate[][] cases =
        [
            [Certificate("JFB", 0.7, 0.9, 0.95), Certificate("exact", 0.7, 1, 1)],
            [Certificate("JFB", 0, 1)],
            [Certificate("JFB", double.NaN, double.NaN)],
            [Certificate("JFB", 3, -1, 0.5)],
        ];
        Assert.All(cases, certificates =>
        {
            Assert.NotEmpty(AuditCharts.Factors(certificates[0]).ToPng());
            Assert.NotEmpty(AuditCharts.Cosines(certificates).ToPng());
            Assert.NotEmpty(AuditCharts.Errors(certificates).ToPng());
        });
        string[] texts = Texts(AuditCharts.Errors(cases[0]).ToElement(560, "wide"));
        Assert.All(["JFB", "exact", "Relative error", "parameter gradient"], text => Assert.Contains(text, texts));
        Assert.Throws<ArgumentException>(() => AuditCharts.Cosines([]));
        Assert.Throws<ArgumentException>(() => AuditCharts.Factors(Certificate("JFB", 0.5)));
    }

    private static CertificateRecord Record(long step, double cosine) =>
        new() { Step = step, Cosine = cosine, RelativeError = 1 - cosine, Factor = 0.5, ReferenceResidual = 1e-7 };

    private static GradientCertificate Certificate(string label, double factor, params double[] cosines) => new(
        label,
        new Agreement(cosines.FirstOrDefault(), 1 - cosines.FirstOrDefault()),
        [new SolveCertificate(null, new ContractionReport(0.9, null, factor, factor), factor, [.. cosines.Select(cosine => new SampleCertificate
        {
            Status = SolveStatus.Converged,
            Counts = true,
            Factor = factor,
            Residual = 0,
            LatentBound = 0,
            ReferenceResidual = 0,
            Direction = new Agreement(cosine, 1 - cosine),
        })])]);

    private static string[] Texts(string svg) => [.. XDocument.Parse(svg).Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value.Trim())];
}
