using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class StoppingRuleTests : TensorTest
{
    [Fact]
    public void The_defaults_are_pinned()
    {
        StoppingRule rule = new();
        Assert.Null(rule.AbsoluteTolerance);
        Assert.Null(rule.RelativeTolerance);
        Assert.Equal(100, rule.MaxSteps);
        Assert.Equal(ResidualNorm.L2, rule.Norm);
        Assert.Equal(ResidualScale.PerSample, rule.Scale);
        Assert.Equal(50, rule.Patience);
        Assert.Equal(Stall.Residual, rule.Stall);
        Assert.Equal(ReturnedIterate.Best, rule.Returned);
        Assert.Equal(0.001, new LatentStall().Share);
        Assert.Equal(1e5, rule.DivergenceFactor);
        Assert.Equal(1, new PicardSolver().Damping);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1e-3)]
    [InlineData(double.PositiveInfinity)]
    public void A_bad_tolerance_is_refused(double value)
    {
        Assert.Equal("AbsoluteTolerance", Assert.Throws<ArgumentOutOfRangeException>(() => new StoppingRule { AbsoluteTolerance = value }).ParamName);
        Assert.Equal("RelativeTolerance", Assert.Throws<ArgumentOutOfRangeException>(() => new StoppingRule { RelativeTolerance = value }).ParamName);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(0)]
    [InlineData(-0.5)]
    [InlineData(1.5)]
    public void A_bad_damping_is_refused(double value) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PicardSolver { Damping = value });

    [Fact]
    public void Bad_limits_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new StoppingRule { MaxSteps = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new StoppingRule { Patience = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new StoppingRule { DivergenceFactor = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new StoppingRule { DivergenceFactor = double.NaN });
        Assert.Throws<ArgumentNullException>(() => new StoppingRule { Norm = null! });
        Assert.Throws<ArgumentNullException>(() => new StoppingRule { Stall = null! });
        Assert.Throws<ArgumentNullException>(() => new StoppingRule { Returned = null! });
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1e-4)]
    [InlineData(ScalarType.Float64, 1e-8)]
    [InlineData(ScalarType.BFloat16, 1e-2)]
    public void Default_tolerances_follow_the_dtype(ScalarType dtype, double relative) =>
        Assert.Equal((relative / 1000, relative), new StoppingRule().Resolve(dtype));

    [Fact]
    public void One_tolerance_given_makes_the_other_zero()
    {
        Assert.Equal((1e-3, 0), new StoppingRule { AbsoluteTolerance = 1e-3 }.Resolve(ScalarType.Float32));
        Assert.Equal((0, 1e-3), new StoppingRule { RelativeTolerance = 1e-3 }.Resolve(ScalarType.Float32));
    }

    [Fact]
    public void The_norms_measure_the_whole_latent()
    {
        using Tensor rows = tensor(new double[,] { { 3, -4 }, { 0, 0 } });
        Assert.Equal([5.0, 0.0], Measured(ResidualNorm.L2, rows));
        Assert.Equal([5 / Math.Sqrt(2), 0.0], Measured(ResidualNorm.RootMeanSquare, rows));
        Assert.Equal([4.0, 0.0], Measured(ResidualNorm.Max, rows));
    }

    [Fact]
    public void A_sample_stops_at_the_first_step_that_passes_absolute_plus_relative()
    {
        // u_k = 2 (1 - 2^-k), residual 2^-k: passes when 2^-k <= 0.01 + 0.01 * 2 (1 - 2^-k), first at k = 6 (1/64 <= 0.0297).
        using PerSampleMap map = new(u => (u * 0.5) + 1);
        using Tensor start = zeros(1, 1, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: new StoppingRule { AbsoluteTolerance = 0.01, RelativeTolerance = 0.01 });
        Assert.Equal(7, solution.Report.Samples[0].Steps);
        Assert.Equal(1 / 64.0, solution.Report.Samples[0].Residual, 1e-15);
    }

    [Fact]
    public void Per_element_scale_waits_for_the_worst_element()
    {
        // The second element is a thousand times larger and slower; its share dominates the norm, not the elementwise test.
        using DisposeScope scope = NewDisposeScope();
        Tensor q = tensor(new double[,] { { 0.5, 0.01 } });
        using PerSampleMap map = new((u, x) => (u * x) + tensor([1.0, 1000.0]), q);
        Tensor start = zeros(1, 2, ScalarType.Float64);
        StoppingRule norm = new() { RelativeTolerance = 1e-3 };
        StoppingRule element = norm with { Scale = ResidualScale.PerElement, Norm = ResidualNorm.Max };
        using FixedPointSolution byNorm = FixedPoint.Solve(map, start, stopping: norm);
        using FixedPointSolution byElement = FixedPoint.Solve(map, start, stopping: element);
        Assert.True(byElement.Report.Samples[0].Steps > byNorm.Report.Samples[0].Steps);
        Assert.Equal(2, byElement.Latent[0, 0].ToDouble(), 4e-3);
    }

    private static double[] Measured(ResidualNorm norm, Tensor rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor measured = norm.Measure(rows);
        return [.. measured.data<double>()];
    }
}
