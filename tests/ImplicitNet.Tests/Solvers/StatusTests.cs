using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class StatusTests : TensorTest
{
    public static TheoryData<ScalarType, double?, double?> Tolerances => new()
    {
        { ScalarType.Float32, null, null },
        { ScalarType.Float32, 1e-3, null },
        { ScalarType.Float32, null, 0.9 },
        { ScalarType.Float32, 1e-3, 0.5 },
        { ScalarType.Float64, null, null },
        { ScalarType.Float64, null, 0.9 },
        { ScalarType.Float16, null, 0.9 },
        { ScalarType.BFloat16, null, 0.9 },
    };

    [Theory]
    [InlineData(1, 1.0, "The sample converged in 1 step.")]
    [InlineData(1, 0.0, "The sample converged in 2 steps.")]
    [InlineData(2, 0.0, "All 2 samples converged in 2.0 steps on average, 2 at most.")]
    public void What_converged_is_said_in_the_number_there_is(int samples, double start, string expected)
    {
        using PerSampleMap map = new(static u => ones_like(u));
        using Tensor first = full([samples, 2], start);
        using FixedPointSolution solution = FixedPoint.Solve(map, first);
        Assert.Equal(expected, solution.Report.ToString());
    }

    [Theory]
    [MemberData(nameof(Tolerances))]
    public void Doubling_plus_one_is_never_converged(ScalarType dtype, double? absolute, double? relative)
    {
        foreach (ResidualNorm norm in new[] { ResidualNorm.L2, ResidualNorm.RootMeanSquare, ResidualNorm.Max })
        {
            foreach (ResidualScale scale in new[] { ResidualScale.PerSample, ResidualScale.PerElement })
            {
                using PerSampleMap map = new(u => (u * 2) + 1);
                using Tensor start = zeros([3, 4], dtype);
                StoppingRule stopping = new()
                {
                    AbsoluteTolerance = absolute,
                    RelativeTolerance = relative,
                    Norm = norm,
                    Scale = scale,
                    MaxSteps = 5000,
                    DivergenceFactor = double.MaxValue,
                };
                using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: stopping);
                Assert.All(solution.Report.Samples, sample => Assert.True(sample.Status is SolveStatus.Diverged or SolveStatus.NonFinite, sample.ToString()));
                AssertFinite(solution.Latent);
            }
        }
    }

    [Fact]
    public void A_norm_of_u_that_overflows_passes_nothing()
    {
        // ||u|| is infinite in float64 while the residual, a thousandth of u, is not.
        using PerSampleMap map = new(u => u * 0.999);
        using Tensor start = full([1, 100], 1e308, ScalarType.Float64);
        foreach (ResidualNorm norm in new[] { ResidualNorm.L2, ResidualNorm.RootMeanSquare })
        {
            using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: new StoppingRule { RelativeTolerance = 1e-2, MaxSteps = 3, Norm = norm });
            Assert.NotEqual(SolveStatus.Converged, solution.Report.Samples[0].Status);
        }
    }

    [Fact]
    public void Growth_is_called_divergence_by_default_and_the_start_is_returned_as_best()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => (u * 2) + 1);
        using Tensor start = zeros(1, 2);
        using FixedPointSolution solution = FixedPoint.Solve(map, start);
        SampleReport sample = solution.Report.Samples[0];
        Assert.Equal(SolveStatus.Diverged, sample.Status);
        Assert.Equal(1, sample.BestStep);
        Assert.Equal(Math.Sqrt(2), sample.Residual, 1e-6);
        Assert.Equal(0, solution.Latent.abs().sum().ToDouble());
        Assert.Contains("no contraction", solution.Report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_rotation_is_stalled_under_picard()
    {
        // Seven blocks of a quarter turn: a contraction in no norm; the iterates circle.
        using PerSampleMap map = new(u => cat([u.slice(1, 7, 14, 1).neg(), u.slice(1, 0, 7, 1)], 1));
        using Tensor start = ones(1, 14, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: new StoppingRule { MaxSteps = 1000 });
        Assert.Equal(SolveStatus.Stalled, solution.Report.Samples[0].Status);
        Assert.Equal(Math.Sqrt(28), solution.Report.Samples[0].Residual, 1e-9);
    }

    [Fact]
    public void The_step_limit_is_exact_and_the_residual_is_that_of_the_latent_returned()
    {
        using PerSampleMap map = new(u => (u * 0.99) + 1);
        using Tensor start = zeros(2, 3, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: new StoppingRule { AbsoluteTolerance = 1e-9, MaxSteps = 17 });
        Assert.All(solution.Report.Samples, sample => Assert.Equal(SolveStatus.MaxStepsReached, sample.Status));
        Assert.All(solution.Report.Samples, sample => Assert.Equal(17, sample.Steps));
        Assert.Equal(34, solution.Report.Evaluations);
        using DisposeScope scope = NewDisposeScope();
        double residual = (map.Evaluate(solution.Latent) - solution.Latent)[0].norm().ToDouble();
        Assert.Equal(solution.Report.Samples[0].Residual, residual, 1e-12);
    }

    [Fact]
    public void A_tolerance_below_the_dtype_is_stalled_with_its_residual()
    {
        // Elements whose rounding ends in a cycle of two values keep a residual of one unit in the last place.
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using PerSampleMap map = new((u, q) => (u + q).cos() * 0.9, rand(4, 500));
        Tensor start = rand(4, 500);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: new StoppingRule { AbsoluteTolerance = 1e-30, MaxSteps = 5000 });
        Assert.All(solution.Report.Samples, sample => Assert.True(sample.Status is SolveStatus.Stalled or SolveStatus.Converged, sample.ToString()));
        Assert.Contains(solution.Report.Samples, sample => sample.Status == SolveStatus.Stalled);
        Assert.All(solution.Report.Samples, sample => Assert.True(sample.Residual < 1e-5));
    }

    [Fact]
    public void A_start_that_is_the_answer_takes_one_step()
    {
        using PerSampleMap map = new(u => u * 0.5);
        using Tensor start = zeros(2, 3);
        using FixedPointSolution solution = FixedPoint.Solve(map, start);
        Assert.All(solution.Report.Samples, sample => Assert.Equal(new SampleReport(SolveStatus.Converged, 1, 0, 0, 1) { Passed = TolerancePart.Absolute }, sample));
    }

    [Fact]
    public void The_best_iterate_is_returned_when_later_ones_are_worse()
    {
        // The residual halves for three steps and then doubles for good.
        int calls = 0;
        using PerSampleMap map = new(u => u + Math.Pow(2, Math.Abs(++calls - 4)));
        using Tensor start = zeros(1, 1, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: new StoppingRule { AbsoluteTolerance = 1e-3, MaxSteps = 10 });
        Assert.Equal(4, solution.Report.Samples[0].BestStep);
        Assert.Equal(1, solution.Report.Samples[0].Residual);
        Assert.Equal(8 + 4 + 2, solution.Latent.ToDouble());
    }

    [Fact]
    public void ThrowIfFailed_names_the_count_the_status_and_what_to_try()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new((u, q) => u * q, tensor(new double[,] { { 0.5 }, { 3 } }));
        using Tensor start = ones(2, 1, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start);
        FixedPointException exception = Assert.Throws<FixedPointException>(solution.Report.ThrowIfFailed);
        Assert.StartsWith("1 of 2 samples did not converge: 1 Diverged (the worst is sample 1:", exception.Message, StringComparison.Ordinal);
        Assert.EndsWith("Other solvers may find it: new SolverChain() tries four.", exception.Message, StringComparison.Ordinal);
        Assert.Equal(4, new SolverChain().Solvers.Count);
        Assert.Same(solution.Report, exception.Report);
    }

    [Fact]
    public void Other_solvers_are_proposed_unless_they_were_tried_or_cannot_help()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap none = new(u => u + 1);
        using PerSampleMap broken = new(u => u / 0 * 0);
        using FixedPointSolution tried = FixedPoint.Solve(none, ones(1, 1, ScalarType.Float64), new SolverChain());
        using FixedPointSolution hopeless = FixedPoint.Solve(broken, ones(1, 1, ScalarType.Float64));
        Assert.False(tried.Report.AllConverged || hopeless.Report.AllConverged);
        Assert.DoesNotContain("SolverChain", $"{tried.Report}{hopeless.Report}", StringComparison.Ordinal);
    }

    private static void AssertFinite(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.True(tensor.isfinite().all().ToBoolean());
    }
}
