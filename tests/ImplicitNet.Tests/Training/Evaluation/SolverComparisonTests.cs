using ImplicitNet.Solvers;
using ImplicitNet.Training.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Evaluation;

public sealed class SolverComparisonTests : TensorTest
{
    private static readonly StoppingRule Stopping = new() { RelativeTolerance = 1e-6, MaxSteps = 40 };

    [Fact]
    public void Several_batches_are_measured_as_one()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap easy = new(u => (u * 0.1) + 1);
        using PerSampleMap hard = new(u => (u * 2) + 1);
        (FixedPointMap, Tensor)[] batches = [(easy, zeros(3, 2)), (hard, zeros(2, 2))];
        SolverMeasurement measured = SolverComparison.Measure("picard", new PicardSolver(), batches, Stopping, TestContext.Current.CancellationToken);
        using FixedPointSolution first = FixedPoint.Solve(easy, zeros(3, 2), stopping: Stopping);
        using FixedPointSolution second = FixedPoint.Solve(hard, zeros(2, 2), stopping: Stopping);
        Assert.Equal([.. first.Report.Samples, .. second.Report.Samples], measured.Samples);
        Assert.Equal(first.Report.Evaluations + second.Report.Evaluations, measured.Evaluations);
        Assert.Equal((2, 3), (measured.Failed, measured.Count(SolveStatus.Converged)));
        Assert.Equal(measured.Samples.Select(sample => sample.Steps), measured.Traces.Select(trace => trace.Count));
        Assert.Equal((measured.Samples.Average(sample => sample.Steps), measured.Samples.Max(sample => sample.Steps)), (measured.MeanSteps, measured.MaxSteps));
        Assert.All(measured.Traces, trace => Assert.InRange(trace[^1].Seconds, trace[0].Seconds, measured.Seconds));
        Assert.Equal([true, true, true, false, false], measured.RelativeResiduals.Select(residual => residual <= 1e-6));
        Assert.True(measured.Runs is >= 3 and <= 15 && measured.Runs % 2 == 1);
    }

    [Theory]
    [InlineData(0, 15)]
    [InlineData(1e-4, 15)]
    [InlineData(0.06, 9)]
    [InlineData(0.125, 5)]
    [InlineData(0.3, 3)]
    [InlineData(0.49, 3)]
    [InlineData(0.5, 1)]
    [InlineData(100, 1)]
    public void Short_solves_are_timed_often_and_an_odd_number_of_times(double seconds, int runs) => Assert.Equal(runs, SolverComparison.RunsFor(seconds));

    [Fact]
    public void A_comparison_of_nothing_or_without_a_relative_tolerance_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => u * 0.1);
        Assert.Throws<ArgumentException>(() => SolverComparison.Measure("picard", new PicardSolver(), [], Stopping));
        Assert.Throws<ArgumentException>(() => SolverComparison.Measure("picard", new PicardSolver(), [(map, zeros(1, 1))], new StoppingRule()));
        Assert.Throws<OperationCanceledException>(
            () => SolverComparison.Measure("picard", new PicardSolver(), [(map, zeros(1, 1))], Stopping, new CancellationToken(canceled: true)));
    }
}
