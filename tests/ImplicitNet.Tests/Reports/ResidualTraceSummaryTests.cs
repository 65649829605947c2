using ImplicitNet.Reports;

namespace ImplicitNet.Tests.Reports;

public sealed class ResidualTraceSummaryTests
{
    [Fact]
    public void Quantiles_lie_between_the_samples_and_finished_samples_keep_their_last_residual()
    {
        double[][] traces = [.. Enumerable.Range(0, 11).Select(i => i == 10 ? [10.0] : new double[] { i, i / 10.0 })];

        ResidualTraceSummary summary = ResidualTraceSummary.FromSamples(traces, 1e-3);

        Assert.Equal(new ResidualStep(1, 0, 1, 5, 9, 10), summary.Steps[0]);
        Assert.Equal(2, summary.Steps.Count);
        Assert.Equal(10, summary.Steps[1].Maximum);
        Assert.Equal(0.5, summary.Steps[1].Median, 12);
        Assert.Equal(1e-3, summary.Tolerance);
    }

    [Fact]
    public void Diverged_samples_count_as_infinite_and_do_not_touch_the_others()
    {
        ResidualTraceSummary summary = ResidualTraceSummary.FromSamples([[1], [2], [double.NaN]], 1e-3);

        Assert.Equal(1, summary.Steps[0].Minimum);
        Assert.Equal(2, summary.Steps[0].Median);
        Assert.Equal(double.PositiveInfinity, summary.Steps[0].Maximum);
        Assert.Equal(double.PositiveInfinity, summary.Steps[0].High);
    }

    [Fact]
    public void What_cannot_be_summed_up_is_refused()
    {
        Assert.Throws<ArgumentException>(() => ResidualTraceSummary.FromSamples([], 1e-3));
        Assert.Throws<ArgumentException>(() => ResidualTraceSummary.FromSamples([[]], 1e-3));
        Assert.Throws<ArgumentOutOfRangeException>("Tolerance", () => ResidualTraceSummary.FromSamples([[1]], double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>("Tolerance", () => ResidualTraceSummary.FromSamples([[1]], 0));
        Assert.Throws<ArgumentException>("Steps", () => new ResidualTraceSummary { Steps = [], Tolerance = 1 });
        Assert.Throws<ArgumentException>("Epochs", () => new LearningCurves { Epochs = [] });
    }
}
