using System.Xml.Linq;
using ImplicitNet.Files;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Comparisons;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Evaluation;

/// <summary>
/// R(u, q) = u / 2 + q from 0: after k applications u is 2 q (1 - 2^-k), with a relative residual of 1 / (2^(k + 1) - 2). With
/// q = 1 .. 20 and the answer 1 where u > 19, the answers after any number of applications are known.
/// </summary>
public sealed class ApplicationEvaluatorTests : TensorTest
{
    private const double Limit = 19;
    private static readonly int[] Numbers = [1, 2, 3, 7];

    [Fact]
    public void Every_number_gives_the_answers_that_are_known()
    {
        using ImplicitNetwork network = Network();
        network.train();
        ApplicationStudy study = ApplicationEvaluator.Evaluate(network, Source(), [3, 1, 7, 2]);
        Assert.True(network.training);
        Assert.Equal(Numbers, study.ByApplications.Select(row => row.Applications!.Value));
        Assert.Equal((20, 0L, 1e-4), (study.Samples, study.Failures, study.Tolerance));
        foreach (ApplicationMeasurement row in study.ByApplications)
        {
            double shrunk = 2 * (1 - Math.Pow(2, -row.Applications!.Value));
            bool[] answers = [.. Enumerable.Range(1, 20).Select(q => q * shrunk > Limit)];
            Assert.Equal(Enumerable.Range(1, 20).Count(q => answers[q - 1] == q > Limit / 2) / 20.0, row.Agreement, 12);
            Assert.Equal(Enumerable.Range(1, 20).Count(q => answers[q - 1] == (q % 2 == 1)) / 20.0, row.Accuracy, 12);
            Assert.Equal(1 / (Math.Pow(2, row.Applications.Value + 1) - 2), row.RelativeResidual, 1e-5);
            Assert.Equal(Enumerable.Range(1, 20).Average(q => CrossEntropy((q * shrunk) - Limit, q % 2 == 1)), row.Loss, 1e-4);
        }

        Assert.Equal(1, study.AtTolerance.Agreement);
        Assert.InRange(study.AtTolerance.RelativeResidual, 1e-6, 1e-4);
        EvaluationResult own = Evaluator.Evaluate(network, new Classification(), Source());
        Assert.Equal((own.Accuracy, own.Loss, own.Solver.MeanSteps), (study.AtTolerance.Accuracy, study.AtTolerance.Loss, study.MeanSteps));
        Assert.IsType<ThrowOnFailure>(network.OnFailure);
    }

    [Fact]
    public void The_explicit_twin_is_the_same_after_any_number()
    {
        using ImplicitNetwork network = Network(isExplicit: true);
        ApplicationStudy study = ApplicationEvaluator.Evaluate(network, Source(), [1, 5]);
        using ImplicitNetwork whole = Network();
        ApplicationMeasurement once = ApplicationEvaluator.Evaluate(whole, Source(), [1]).ByApplications.Single();
        Assert.All(study.All, row => Assert.Equal((once.Accuracy, 0.0, 1.0), (row.Accuracy, row.RelativeResidual, row.Agreement)));
    }

    [Fact]
    public void What_does_not_converge_is_counted_and_never_thrown()
    {
        using ImplicitNetwork network = Network(factor: 2);
        network.Stopping = network.Stopping with { MaxSteps = 5 };
        ApplicationStudy study = ApplicationEvaluator.Evaluate(network, Source(), [200]);
        Assert.Equal(20, study.Failures);
        Assert.False(double.IsFinite(study.ByApplications[0].RelativeResidual));
        Assert.Contains("not finite", MarkdownTable.Format(new ApplicationSummary([study]).Table()), StringComparison.Ordinal);
        Assert.NotEmpty(ApplicationChart.Create("diverges", new ApplicationSummary([study])).ToPng());
    }

    [Fact]
    public void Numbers_that_make_no_sense_are_refused()
    {
        using ImplicitNetwork network = Network();
        Assert.All(
            (int[][])[[], [0], [2, 2]],
            numbers => Assert.Contains("at least 1", Assert.Throws<ArgumentException>(() => ApplicationEvaluator.Evaluate(network, Source(), numbers)).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_summary_is_over_networks_and_its_chart_names_all_it_draws()
    {
        using ImplicitNetwork network = Network();
        ApplicationStudy study = ApplicationEvaluator.Evaluate(network, Source(), Numbers);
        ApplicationStudy other = study with { ByApplications = [.. study.ByApplications.Select(row => row with { Accuracy = row.Accuracy - 0.1 })] };
        ApplicationSummary summary = new([study, other]);
        Assert.Equal((2, Numbers.Length + 1), (summary.Studies, summary.Rows.Count));
        Assert.Equal(study.ByApplications[0].Accuracy - 0.05, summary.Rows[0].Accuracy!.Value.Mean, 12);
        Assert.Equal(0.1 / Math.Sqrt(2), summary.Rows[0].Accuracy!.Value.Deviation!.Value, 12);
        Assert.Contains("| to 0.0001 (", MarkdownTable.Format(summary.Table()), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new ApplicationSummary([]));
        Assert.Throws<ArgumentException>(() => new ApplicationSummary([study, study with { Tolerance = 1 }]));
        Assert.Throws<ArgumentException>(() => new ApplicationSummary([study, study with { ByApplications = [] }]));

        Chart chart = ApplicationChart.Create("a map that is known", summary, twin: 0.5);
        using SKBitmap bitmap = SKBitmap.Decode(chart.ToPng());
        Assert.Equal(chart.Width * Chart.Scale, bitmap.Width);
        Assert.DoesNotContain("NaN", chart.ToSvg(), StringComparison.Ordinal);
        string[] texts = [.. XElement.Parse(chart.ToElement(1120, "wide")).Elements("text").Select(text => text.Value)];
        Assert.All(
            ["accuracy", "same answer as at the tolerance", "explicit twin, trained as such", "Applications of R", "Mean relative residual", "Share of the images (%)", "to 0.0001"],
            text => Assert.Contains(text, texts));
    }

    private static double CrossEntropy(double logit, bool isOne) => Math.Log(1 + Math.Exp(isOne ? -logit : logit));

    private static ImageBatches Source() => new(
        new ImageDataset("one pixel", 1, 1, 1, 2, [.. Enumerable.Range(1, 20).Select(q => (byte)q)], [.. Enumerable.Range(1, 20).Select(q => (byte)(q % 2))]),
        new BatchOptions { Normalization = new PixelNormalization(0, 1.0 / 255), BatchSize = 8 });

    private static ImplicitNetwork Network(double factor = 0.5, bool isExplicit = false)
    {
        LatentOperator latentOperator = new ModuleOperator(new AffineMap(factor));
        return new ImplicitNetwork(nn.Flatten(), isExplicit ? new ExplicitOperator(latentOperator) : latentOperator, new Threshold())
        {
            Stopping = new StoppingRule { RelativeTolerance = 1e-4 },
        };
    }

    private sealed class AffineMap(double factor) : nn.Module<Tensor, Tensor, Tensor>(nameof(AffineMap))
    {
        public override Tensor forward(Tensor u, Tensor q) => q.add(u, alpha: factor);
    }

    /// <summary>The logit of class 1 over class 0: u less the limit.</summary>
    private sealed class Threshold() : nn.Module<Tensor, Tensor>(nameof(Threshold))
    {
        public override Tensor forward(Tensor u)
        {
            using DisposeScope scope = NewDisposeScope();
            return cat([zeros_like(u), u - Limit], 1).MoveToOuterDisposeScope();
        }
    }
}
