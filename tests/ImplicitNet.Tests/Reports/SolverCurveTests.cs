using ImplicitNet.Reports;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Tests.Reports;

public sealed class SolverCurveTests
{
    [Fact]
    public void A_curve_follows_each_sample_by_its_own_times()
    {
        // By steps the samples go side by side; by time the third goes on after the others have finished, as in a chain.
        SolverCurve curve = Curve([(8, 1), (1, 2)], [(4, 1), (2, 2), (1, 3)], [(6, 1), (5, 10), (1, 11)]);
        Assert.Equal([(1, 6, 8), (2, 2, 5), (3, 1, 1)], curve.BySteps.Points.Select(point => (point.X, point.Median, point.Worst)));
        Assert.Equal(
            [(1, 6, 8), (2, 2, 6), (3, 1, 6), (10, 1, 5), (11, 1, 1)],
            curve.BySeconds.Points.Select(point => (point.X, point.Median, point.Worst)));
    }

    [Fact]
    public void The_median_ends_where_half_of_the_samples_have()
    {
        SolverCurve curve = Curve([(8, 1), (1, 2)], [(4, 1), (2, 2), (1, 3)], [(6, 1), (5, 10), (1, 11), (1, 12)]);
        Assert.Equal((3, 3), (curve.BySteps.MedianEnd, curve.BySeconds.MedianEnd));
        Assert.Equal([1.0, 2, 3], curve.BySteps.Medians.Select(point => point.X));
    }

    [Fact]
    public void Very_long_solves_are_thinned_and_keep_their_ends()
    {
        SolverCurve curve = Curve([.. Enumerable.Range(1, 5000).Select(i => (1.0 / i, (double)i))]);
        Assert.Equal((1000, 1.0, 5000.0), (curve.BySeconds.Points.Count, curve.BySeconds.Points[0].X, curve.BySeconds.Points[^1].X));
        Assert.Equal(5000, curve.BySteps.Points.Count);
    }

    private static SolverCurve Curve(params (double Residual, double Seconds)[][] samples) => SolverCurve.Of(new SolverMeasurement
    {
        Name = "a solver",
        Tolerance = 0.5,
        Samples = [.. samples.Select(sample => new SampleReport(SolveStatus.Converged, sample.Length, 0, 0, sample.Length))],
        Evaluations = 0,
        Seconds = 1,
        Runs = 1,
        Traces = [.. samples.Select(sample => sample.Select(entry => new ResidualTraceEntry(entry.Residual, entry.Residual / 0.5, entry.Seconds)).ToArray())],
    });
}
