using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using ImplicitNet.Solvers.Anderson;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>Residuals that grow before they fall, that fall slowly, and that stay: what is called divergence, and what is not.</summary>
public sealed class TransientTests : TensorTest
{
    /// <summary>Maps that contract in the end: eigenvalue, what couples each element to the next, and elements.</summary>
    public static TheoryData<double, double, int> Transients => new()
    {
        { 0.5, 1e6, 2 },
        { 0.5, 1e10, 2 },
        { 0.5, 1e3, 5 },
        { 0.5, 20, 10 },
        { 0.999, 1e4, 2 },
        { 0.9, 1e6, 2 },
        { 0.9, 50, 3 },
        { -0.9, 1e6, 2 },
        { 0.99, 1e6, 2 },
        { 0.99, 0.1, 2 },
        { 0.99, 0.02, 3 },
        { 0.995, 1e3, 2 },
    };

    public static TheoryData<string> Endless => ["1.1 u", "1.02 u", "2 u", "-1.5 u", "growing rotation", "growing shear", "u^2", "exp u"];

    [Theory]
    [MemberData(nameof(Transients))]
    public void A_transient_is_no_divergence(double eigenvalue, double coupling, int size)
    {
        foreach (ScalarType dtype in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor weight = (eye(size, dtype: ScalarType.Float64) * eigenvalue) + (ones(size, size, dtype: ScalarType.Float64).triu(1).tril(1) * coupling);
            Tensor transposed = weight.t().to(dtype);
            using PerSampleMap map = new(u => u.mm(transposed) + 1);
            using FixedPointSolution solution = FixedPoint.Solve(map, zeros([2, size], dtype), stopping: new StoppingRule { MaxSteps = 20_000 });
            Assert.All(solution.Report.Samples, sample => Assert.NotEqual(SolveStatus.Diverged, sample.Status));

            // Where the residual at the start is lost in the rounding of the answer, or in what an alternating map makes of it, none can be told
            // from another.
            Tensor exact = linalg.solve(eye(size, dtype: ScalarType.Float64) - weight, ones(size, 1, dtype: ScalarType.Float64)).t();
            if (exact.norm().ToDouble() * Precision.Of(dtype).Epsilon < 0.1 && (eigenvalue > 0 || dtype == ScalarType.Float64))
            {
                Assert.True(solution.Report.AllConverged, $"{dtype} {solution.Report}");
                Assert.InRange(((solution.Latent.to(ScalarType.Float64) - exact).norm() / exact.norm()).ToDouble(), 0, dtype == ScalarType.Float64 ? 1e-3 : 0.5);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Endless))]
    public void Growth_that_goes_on_is_divergence(string name)
    {
        foreach (ScalarType dtype in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            using DisposeScope scope = NewDisposeScope();
            using PerSampleMap map = new(u => Growing(name, u));
            using FixedPointSolution solution = FixedPoint.Solve(map, zeros([1, 2], dtype), stopping: new StoppingRule { MaxSteps = 20_000 });
            Assert.Equal(SolveStatus.Diverged, solution.Report.Samples[0].Status);
            Assert.InRange(solution.Report.Samples[0].Steps, 1, 700);
            Assert.Equal(1, solution.Report.Samples[0].BestStep);
        }
    }

    /// <summary>The map of that name in <see cref="Endless"/>.</summary>
    internal static Tensor Growing(string name, Tensor u) => name switch
    {
        "1.1 u" => (u * 1.1) + 1,
        "1.02 u" => (u * 1.02) + 1,
        "2 u" => (u * 2) + 1,
        "-1.5 u" => 1 - (u * 1.5),
        "growing rotation" => (cat([u.narrow(1, 1, 1).neg(), u.narrow(1, 0, 1)], 1) * 1.1) + 1,
        "growing shear" => (u * 1.01) + (cat([u.narrow(1, 1, 1) * 1e6, zeros_like(u.narrow(1, 0, 1))], 1)) + 1,
        "u^2" => (u * u) + 2,
        _ => u.exp(),
    };

    [Theory]
    [InlineData(0.9999, 5, 20_000, SolveStatus.Converged)]
    [InlineData(0.99999, 50, 3000, SolveStatus.MaxStepsReached)]
    [InlineData(0.999999, 50, 500, SolveStatus.MaxStepsReached)]
    public void A_fall_that_is_slow_but_steady_is_waited_for(double factor, int patience, int most, SolveStatus expected)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => (u * factor) + 1);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, zeros([1, 3], ScalarType.Float64), stopping: new StoppingRule { AbsoluteTolerance = 0.8, MaxSteps = most, Patience = patience });
        Assert.Equal(expected, solution.Report.Samples[0].Status);
        Assert.True(expected == SolveStatus.Converged || solution.Report.Samples[0].Steps == most);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(49)]
    public void A_front_that_arrives_in_time_converges_in_as_many_steps_and_one(int size)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(Shift);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(1, size));
        Assert.Equal((SolveStatus.Converged, size + 1), (solution.Report.Samples[0].Status, solution.Report.Samples[0].Steps));
        Assert.True(solution.Latent.eq(1).all().ToBoolean());
    }

    [Theory]
    [InlineData(50, SolveStatus.Stalled, 51)]
    [InlineData(1000, SolveStatus.MaxStepsReached, 100)]
    public void Of_residuals_that_are_level_the_latest_iterate_is_returned(int patience, SolveStatus expected, int steps)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(Shift);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(2, 200), stopping: new StoppingRule { Patience = patience });
        Assert.All(solution.Report.Samples, sample => Assert.Equal((expected, steps, steps, 1.0), (sample.Status, sample.Steps, sample.BestStep, sample.Residual)));
        Assert.Equal(2 * (steps - 1), solution.Latent.sum().ToDouble());

        // The next solver of a chain takes over where this one was, and does not lose what it brings.
        SolverChain chain = new() { Solvers = [new PicardSolver(), new PicardSolver()] };
        using FixedPointSolution further = FixedPoint.Solve(map, zeros(2, 200), chain, new StoppingRule { Patience = patience });
        Assert.Equal(4 * (steps - 1), further.Latent.sum().ToDouble());
    }

    [Fact]
    public void Histories_beyond_two_gibibytes_are_torchs()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.True(TensorMemory.Holds(int.MaxValue / 4, ScalarType.Float32));
        Assert.False(TensorMemory.Holds((int.MaxValue / 4) + 1L, ScalarType.Float32));
        Assert.False(TensorMemory.Holds(1L << 28, ScalarType.Float64));
        Assert.False(TensorMemory.Holds(1L << 40, ScalarType.Float32));
        Tensor large = zeros(1, 1).expand(2, 60_000_000);
        Assert.IsType<TensorSecantHistory>(SecantHistory.Of(large, new AndersonSolver()));
        Assert.IsNotType<TensorSecantHistory>(SecantHistory.Of(large.narrow(0, 0, 1), new AndersonSolver()));
    }

    /// <summary>u_1 = 1, u_i = u_(i-1): the residual is 1 until the front has passed.</summary>
    private static Tensor Shift(Tensor u) => cat([ones_like(u.narrow(1, 0, 1)), u.narrow(1, 0, u.shape[1] - 1)], 1);
}
