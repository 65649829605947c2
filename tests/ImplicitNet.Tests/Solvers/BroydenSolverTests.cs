using ImplicitNet.Solvers;
using ImplicitNet.Solvers.QuasiNewton;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class BroydenSolverTests : TensorTest
{
    [Fact]
    public void The_defaults_are_pinned_and_bad_options_refused()
    {
        BroydenSolver solver = new();
        Assert.Equal(20, solver.Memory);
        Assert.Equal(1, solver.Damping);
        Assert.Equal(2, solver.GrowthLimit);
        Assert.Null(solver.LineSearch);
        Assert.False(solver.KeepInverse);
        LineSearch search = new();
        Assert.Equal((1e-4, 8, 10), (search.SufficientDecrease, search.MaxTrials, search.History));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BroydenSolver { Memory = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new BroydenSolver { Damping = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new BroydenSolver { GrowthLimit = 0.5 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new BroydenSolver { GrowthLimit = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LineSearch { SufficientDecrease = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LineSearch { MaxTrials = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LineSearch { History = 0 });
    }

    [Fact]
    public void The_first_step_is_that_of_damped_picard()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => u.cos());
        using FixedPointSolution picard = FixedPoint.Solve(map, ones(1, 3), new PicardSolver { Damping = 0.3 }, new StoppingRule { MaxSteps = 2 });
        using FixedPointSolution broyden = FixedPoint.Solve(map, ones(1, 3), new BroydenSolver { Damping = 0.3 }, new StoppingRule { MaxSteps = 2 });
        Assert.True(picard.Latent.allclose(broyden.Latent));
    }

    [Fact]
    public void An_affine_map_of_n_dimensions_takes_at_most_two_n_updates()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor a = randn([6, 6], ScalarType.Float64) * 2;
        using PerSampleMap map = new(u => u.mm(a) + 1);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, zeros(1, 6, ScalarType.Float64), new BroydenSolver { GrowthLimit = 1e12 }, new StoppingRule { RelativeTolerance = 1e-8, DivergenceFactor = 1e15 });
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.InRange(solution.Report.MaxSteps, 2, 14);
    }

    [Fact]
    public void A_direction_that_the_map_cannot_follow_is_replaced_by_the_picard_step()
    {
        // The residual is flat far from the solution at 0.3: the secant flies past it, to where the map is NaN.
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => where(u < 0.31, u - (u - 0.3).tanh() * 0.3, full_like(u, double.NaN)));
        foreach (BroydenSolver solver in new[] { new BroydenSolver(), new BroydenSolver { LineSearch = new LineSearch() } })
        {
            using FixedPointSolution solution = FixedPoint.Solve(
                map, full([1, 1], -2.9, ScalarType.Float64), solver, new StoppingRule { AbsoluteTolerance = 1e-10 });
            Assert.True(solution.Report.AllConverged, solution.Report.ToString());
            Assert.Equal(0.3, solution.Latent.ToDouble(), 1e-8);
            Assert.True(solution.Report.Evaluations > solution.Report.MaxSteps);
        }
    }

    [Fact]
    public void A_finished_sample_that_still_is_in_the_batch_is_not_searched_for()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = ones([100, 1], ScalarType.Float64);
        q[3] = double.NaN;
        using PerSampleMap map = new((u, x) => (u * x).cos() * 2, q);
        BroydenSolver solver = new() { LineSearch = new LineSearch { History = 1 } };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros([100, 1], ScalarType.Float64), solver);
        using PerSampleMap single = new((u, x) => (u * x).cos() * 2, ones([1, 1], ScalarType.Float64));
        using FixedPointSolution one = FixedPoint.Solve(single, zeros([1, 1], ScalarType.Float64), solver);
        Assert.True(one.Report.Evaluations > one.Report.MaxSteps);
        Assert.Equal((99 * one.Report.Evaluations) + one.Report.MaxSteps, solution.Report.Evaluations);
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(5, 1)]
    public void A_sample_that_falls_back_forgets_what_it_had_learned(int failingCall, int rank)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(12);
        Tensor a = randn([6, 6], ScalarType.Float64) * 0.3;
        int calls = 0;
        using PerSampleMap map = new(u => ++calls == failingCall ? u * double.NaN : u.mm(a) + 1);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, zeros([1, 6], ScalarType.Float64), new BroydenSolver { KeepInverse = true }, new StoppingRule { AbsoluteTolerance = 0, MaxSteps = 5 });
        Assert.Equal(failingCall == 0 ? 5 : 6, solution.Report.Evaluations);

        // M less the identity has as many terms as steps since the fall.
        Tensor learned = cat([.. Enumerable.Range(0, 6).Select(i => solution.Inverse!.Apply(eye(6, dtype: ScalarType.Float64).narrow(0, i, 1)))]) - eye(6);
        Assert.Equal(rank, linalg.svdvals(learned).gt(1e-10).sum().ToInt64());
    }

    /// <summary>
    /// The residual changes by a hundred times the step in the first row, by 1.9 times in the second, as it may on a contraction. A row
    /// that forgets learns its damping anew, from the next step, and no other does.
    /// </summary>
    [Fact]
    public void Where_the_residual_is_steep_the_inverse_begins_scaled_row_by_row()
    {
        using BroydenMemory memory = new(4, damping: 1);
        using DisposeScope scope = NewDisposeScope();
        Tensor step = tensor(new double[,] { { 2, 0, 0 }, { 2, 0, 0 } });
        memory.Update(step, tensor(new double[,] { { -200, 0, 0 }, { -3.8, 0, 0 } }));
        AssertInverse([0.01, 0.01, 0.01, 1 / 1.9, 1, 1]);
        memory.Forget([1], tensor(new long[] { 1 }));
        memory.Update(step, tensor(new double[,] { { -200, 0, 0 }, { -20, 0, 0 } }));
        AssertInverse([0.01, 0.01, 0.01, 0.1, 0.1, 0.1]);
        memory.Restrict(tensor(new long[] { 1 }));
        AssertInverse([0.1, 0.1, 0.1]);

        void AssertInverse(double[] expected)
        {
            double[] found = [.. memory.Apply(ones([expected.Length / 3, 3], ScalarType.Float64)).data<double>()];
            Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
        }
    }

    [Fact]
    public void The_inverse_that_is_kept_carries_the_damping_of_every_sample()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor slope = tensor(new double[,] { { -99, -99, -99 }, { 0.5, 0.5, 0.5 } });
        using PerSampleMap map = new((u, a) => (u * a) + tensor(new double[] { 1, 2, 3 }), slope);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, zeros([2, 3], ScalarType.Float64), new BroydenSolver { KeepInverse = true }, new StoppingRule { AbsoluteTolerance = 1e-9 });
        solution.Report.ThrowIfFailed();

        // Across the only direction that was met, and the inverse of I - J in the first sample everywhere.
        Tensor across = tensor(new double[,] { { 2, -1, 0 }, { 2, -1, 0 } });
        Assert.Equal([0.02, -0.01, 0, 2, -1, 0], solution.Inverse!.Apply(across).data<double>().Select(value => Math.Round(value, 9)));
    }

    [Fact]
    public void A_step_that_would_make_the_inverse_singular_is_taken_in_part()
    {
        // Along the first step the residual does not change: the plain update divides zero by zero.
        using BroydenMemory memory = new(4, damping: 1);
        using DisposeScope scope = NewDisposeScope();
        Tensor step = tensor(new double[,] { { 1, 0 }, { 2, 0 }, { 0, 0 }, { double.NaN, 1 } });
        Tensor change = tensor(new double[,] { { 0, 0 }, { -1e-3, 0 }, { 1, 1 }, { 1, 1 } });
        memory.Update(step, change);
        double[] applied = [.. memory.Apply(ones([4, 2], ScalarType.Float64)).data<double>()];
        Assert.All(applied, value => Assert.InRange(Math.Abs(value), 0, 11));
        Assert.Equal(10, applied[0], 1e-9);
        Assert.Equal([1.0, 1, 1, 1], applied[4..]);
    }

    [Fact]
    public void The_inverse_of_a_scalar_map_is_one_over_one_minus_its_slope_in_any_batch()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        Tensor slope = rand([100, 1], ScalarType.Float64) * 4 - 2;
        Tensor start = randn([100, 1], ScalarType.Float64);
        start[7] = 1 / (1 - slope[7]);
        slope[8] = double.NaN;
        using PerSampleMap map = new((u, a) => u * a + 1, slope);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, new BroydenSolver { KeepInverse = true }, new StoppingRule { RelativeTolerance = 1e-10 });
        Assert.Equal(99, solution.Report.Count(SolveStatus.Converged));
        double[] found = [.. solution.Inverse!.Apply(ones(100, 1, ScalarType.Float64)).data<double>()];
        double[] slopes = [.. slope.data<double>()];
        for (int i = 0; i < 100; i++)
        {
            // Sample 7 starts at its fixed point and sample 8 is NaN: neither ever learns.
            double expected = i is 7 or 8 ? 1 : 1 / (1 - slopes[i]);
            Assert.Equal(expected, found[i], 1e-6 * Math.Abs(expected));
        }
    }

    [Fact]
    public void The_inverse_of_a_sample_is_what_it_is_alone_and_its_two_products_are_adjoint()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        Tensor q = randn([80, 2, 3, 2], ScalarType.Float64);
        Tensor v = randn([80, 2, 3, 2], ScalarType.Float64).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        Tensor w = randn([80, 2, 3, 2], ScalarType.Float64);
        BroydenSolver solver = new() { KeepInverse = true, Memory = 30 };
        Tensor Function(Tensor u, Tensor x) => (u.flip(1, 2) * x).sin() + x;
        using PerSampleMap map = new(Function, q);
        using FixedPointSolution whole = FixedPoint.Solve(map, q, solver, new StoppingRule { AbsoluteTolerance = 1e-8 });
        Assert.True(whole.Report.Samples.Select(sample => sample.Steps).Distinct().Count() > 3);
        Tensor product = whole.Inverse!.Apply(v);
        Tensor transposed = whole.Inverse.ApplyTransposed(w);
        Assert.True(((product * w).sum([1, 2, 3]) - (v * transposed).sum([1, 2, 3])).abs().max().ToDouble() < 1e-9);
        Assert.True(product.isfinite().all().ToBoolean());
        for (int i = 0; i < 80; i += 9)
        {
            using PerSampleMap own = new(Function, q.narrow(0, i, 1));
            using FixedPointSolution alone = FixedPoint.Solve(own, q.narrow(0, i, 1), solver, new StoppingRule { AbsoluteTolerance = 1e-8 });
            Assert.Equal(whole.Report.Samples[i].Steps, alone.Report.Samples[0].Steps);
            Assert.True((product.narrow(0, i, 1) - alone.Inverse!.Apply(v.narrow(0, i, 1))).abs().max().ToDouble() < 1e-6);
        }
    }

    [Fact]
    public void The_inverse_of_a_coupled_map_takes_the_whole_batch_and_refuses_other_shapes()
    {
        using DisposeScope scope = NewDisposeScope();
        using CoupledMap map = new(u => (u.mean([0], keepdim: true) * 0.5).expand_as(u) + tensor([1.0, 2, 3]).unsqueeze(1));
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros([3, 1], ScalarType.Float64), new BroydenSolver { KeepInverse = true });
        Tensor product = solution.Inverse!.Apply(ones([3, 1], ScalarType.Float64));
        Assert.Equal([3, 1], product.shape);

        // The mean direction has slope one half, and every step had a part of it.
        Assert.Equal(2, product.mean().ToDouble(), 1e-6);
        Assert.Throws<ArgumentException>(() => solution.Inverse.Apply(ones([1, 3], ScalarType.Float64)));
        Assert.Throws<ArgumentException>(() => solution.Inverse.Apply(ones([3, 1], ScalarType.Float32)));
        Assert.Throws<ArgumentException>(() => solution.Inverse.Apply(tensor(1.0)));
    }

    [Fact]
    public void No_inverse_is_kept_unless_asked()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => u.cos());
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(2, 1), new BroydenSolver());
        Assert.Null(solution.Inverse);
        using FixedPointSolution empty = FixedPoint.Solve(map, zeros(0, 1), new BroydenSolver { KeepInverse = true });
        Assert.Null(empty.Inverse);
    }
}
