using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>What counts as progress: when a sample is given up, and that nothing else of a solve changes by it.</summary>
public sealed class StallTests : TensorTest
{
    /// <summary>A rule of a user's own: only the last element counts.</summary>
    private sealed record LastElementStall : Stall
    {
        public override Tensor? HasMoved(Tensor before, Tensor now)
        {
            using Tensor last = now.narrow(1, now.shape[1] - 1, 1).squeeze(1), then = before.narrow(1, now.shape[1] - 1, 1).squeeze(1);
            return last.ne(then);
        }
    }

    private sealed record WrongStall : Stall
    {
        public override Tensor? HasMoved(Tensor before, Tensor now) => ones(now.shape[0] + 1, dtype: ScalarType.Bool);
    }

    private static readonly Stall[] Rules = [Stall.Residual, new LatentStall(), Stall.None];

    /// <summary>A front over 120 places that stops, beside a cycle that goes on, of 2 or of 3 steps: the residual never falls.</summary>
    [Theory]
    [InlineData(2, 50, SolveStatus.Stalled, 201)]
    [InlineData(2, 40, SolveStatus.Stalled, 161)]
    [InlineData(2, 51, SolveStatus.MaxStepsReached, 1000)]
    [InlineData(3, 51, SolveStatus.Stalled, 205)]
    [InlineData(3, 50, SolveStatus.MaxStepsReached, 1000)]
    public void A_front_that_has_stopped_is_stalled_and_a_cycle_moves_unless_its_period_divides_the_patience(
        int period, int patience, SolveStatus expected, int steps)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => Front(u, period));
        StoppingRule rule = new() { MaxSteps = 1000, Patience = patience, Stall = new LatentStall() };
        Tensor start = cat([zeros(2, 120), tensor(new float[,] { { 1, 0, 0 }, { 1, 0, 0 } })], 1);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: rule);
        Assert.All(solution.Report.Samples, sample => Assert.Equal((expected, steps), (sample.Status, sample.Steps)));
        using FixedPointSolution byResidual = FixedPoint.Solve(map, start, stopping: rule with { Stall = Stall.Residual });
        Assert.All(byResidual.Report.Samples, sample => Assert.Equal((SolveStatus.Stalled, patience + 1), (sample.Status, sample.Steps)));
        using FixedPointSolution never = FixedPoint.Solve(map, start, stopping: rule with { Stall = Stall.None });
        Assert.All(never.Report.Samples, sample => Assert.Equal((SolveStatus.MaxStepsReached, 1000), (sample.Status, sample.Steps)));
    }

    [Theory]
    [MemberData(nameof(SolverCases.All), MemberType = typeof(SolverCases))]
    public void Latents_that_stand_still_are_stalled_and_none_is_while_the_rule_says_never(string solver)
    {
        // Down to the rounding, where the residual neither falls nor is 0, and the tolerance is below.
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        Tensor q = randn(12, 7, ScalarType.Float32);
        using PerSampleMap map = new((u, x) => ((u * 3).sin() * 0.3) + x, q);
        StoppingRule rule = new() { AbsoluteTolerance = 1e-30, MaxSteps = 300, Patience = 20, Stall = new LatentStall() };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), SolverCases.Named(solver), rule);
        Assert.All(
            solution.Report.Samples,
            sample => Assert.True(sample.Status is SolveStatus.Stalled or SolveStatus.Converged, sample.ToString()));
        using FixedPointSolution never = FixedPoint.Solve(map, zeros_like(q), SolverCases.Named(solver), rule with { Stall = Stall.None });
        Assert.All(
            never.Report.Samples,
            sample => Assert.True(sample.Status is SolveStatus.MaxStepsReached or SolveStatus.Converged, sample.ToString()));
    }

    [Theory]
    [MemberData(nameof(SolverCases.All), MemberType = typeof(SolverCases))]
    public void What_converges_does_so_by_the_same_bits_whatever_the_rule_alone_and_in_a_batch(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        Tensor rate = tensor([0.1, 0.5, 0.7, 0.9, 0.97, 0.99, -0.9, 1.1]).repeat(4).unsqueeze(1).expand(32, 5).contiguous();
        using PerSampleMap map = new((u, x) => (u.sin() * x) + 1, rate);
        StoppingRule rule = new() { MaxSteps = 200, Patience = 7 };
        using FixedPointSolution expected = FixedPoint.Solve(map, zeros_like(rate), SolverCases.Named(solver), rule);
        foreach (Stall stall in Rules)
        {
            StoppingRule other = rule with { Stall = stall };
            using FixedPointSolution found = FixedPoint.Solve(map, zeros_like(rate), SolverCases.Named(solver), other);
            for (int sample = 0; sample < expected.Report.Samples.Count; sample++)
            {
                bool isChanged = expected.Report.Changes.Any(change => change.Sample == sample);
                if (expected.Report.Samples[sample].Status == SolveStatus.Converged && !isChanged)
                {
                    Assert.Equal(expected.Report.Samples[sample], found.Report.Samples[sample]);
                    Assert.True(expected.Latent[sample].equal(found.Latent[sample]).all().ToBoolean());
                }
            }

            using FixedPointMap single = map.Restrict(tensor(new long[] { 4 }));
            using FixedPointSolution alone = FixedPoint.Solve(single, zeros(1, 5, ScalarType.Float64), SolverCases.Named(solver), other);
            (SampleReport inBatch, SampleReport byItself) = (found.Report.Samples[4], alone.Report.Samples[0]);
            Assert.Equal((inBatch.Status, inBatch.Steps), (byItself.Status, byItself.Steps));
        }
    }

    [Theory]
    [MemberData(nameof(TransientTests.Endless), MemberType = typeof(TransientTests))]
    public void Growth_that_goes_on_is_divergence_by_every_rule(string name)
    {
        foreach (Stall stall in Rules)
        {
            using DisposeScope scope = NewDisposeScope();
            using PerSampleMap map = new(u => TransientTests.Growing(name, u));
            StoppingRule rule = new() { MaxSteps = 20_000, Stall = stall };
            using FixedPointSolution solution = FixedPoint.Solve(map, zeros(1, 2), stopping: rule);
            Assert.Equal(SolveStatus.Diverged, solution.Report.Samples[0].Status);
            Assert.InRange(solution.Report.Samples[0].Steps, 1, 2000);
        }
    }

    [Fact]
    public void The_layout_of_latents_is_no_move()
    {
        // Channels first at the start, channels last from the map, which keeps two elements turning and the rest as it is.
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        Tensor q = randn(3, 4, 5, 6).permute(0, 3, 1, 2);
        Tensor turning = zeros_like(q);
        turning[TensorIndex.Ellipsis, 0] = 1;
        using PerSampleMap map = new(
            (u, x) => where(x == 1, 1 - u, u + (x * 0)).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2), turning);
        StoppingRule rule = new() { MaxSteps = 500, Stall = new LatentStall() };
        using FixedPointSolution solution = FixedPoint.Solve(map, randn(3, 6, 4, 5), stopping: rule);
        Assert.All(solution.Report.Samples, sample => Assert.Equal((SolveStatus.Stalled, 51), (sample.Status, sample.Steps)));
    }

    [Fact]
    public void A_coupled_map_is_watched_as_one_system()
    {
        using DisposeScope scope = NewDisposeScope();
        using CoupledMap map = new(u => cat([ones_like(u.narrow(0, 0, 1)), u.narrow(0, 0, u.shape[0] - 1)], 0));
        StoppingRule rule = new() { MaxSteps = 500, Stall = new LatentStall() };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(150, 2), stopping: rule);
        Assert.All(solution.Report.Samples, sample => Assert.Equal((SolveStatus.Converged, 151), (sample.Status, sample.Steps)));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(3, 0)]
    public void Where_there_is_nothing_there_is_nothing_to_watch(int batch, int size)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => u + 1);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(batch, size), stopping: new StoppingRule { Stall = new LatentStall() });
        Assert.Equal(batch, solution.Report.Samples.Count);
        Assert.True(solution.Report.AllConverged);
    }

    [Fact]
    public void A_rule_of_a_users_own_is_followed_and_a_wrong_answer_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => Front(u, 3));
        Tensor start = cat([zeros(1, 120), tensor(new float[,] { { 1, 0, 0 } })], 1);
        StoppingRule rule = new() { MaxSteps = 300, Stall = new LastElementStall() };
        using FixedPointSolution own = FixedPoint.Solve(map, start, stopping: rule with { Patience = 3 });
        Assert.Equal((SolveStatus.Stalled, 4), (own.Report.Samples[0].Status, own.Report.Samples[0].Steps));
        using FixedPointSolution moving = FixedPoint.Solve(map, start, stopping: rule with { Patience = 2 });
        Assert.Equal((SolveStatus.Stalled, 7), (moving.Report.Samples[0].Status, moving.Report.Samples[0].Steps));
        string message = Assert.Throws<InvalidOperationException>(
            () => FixedPoint.Solve(map, start, stopping: rule with { Stall = new WrongStall() }).Dispose()).Message;
        Assert.Equal("WrongStall.HasMoved must return [1] Bool. It returned [2] Bool.", message);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-0.1)]
    [InlineData(1)]
    public void A_share_that_is_none_is_refused(double share) =>
        Assert.Equal("Share", Assert.Throws<ArgumentOutOfRangeException>(() => new LatentStall { Share = share }).ParamName);

    /// <summary>u_1 = 1, u_i = u_(i-1) on all but three places, on which a cycle of 2 or 3 steps turns.</summary>
    private static Tensor Front(Tensor u, int period)
    {
        (Tensor front, Tensor cycle) = (u.narrow(1, 0, u.shape[1] - 3), u.narrow(1, u.shape[1] - 3, 3));
        Tensor turned = period == 3 ? cycle.roll(1, 1) : cat([cycle.narrow(1, 0, 2).flip(1), cycle.narrow(1, 2, 1)], 1);
        return cat([ones_like(front.narrow(1, 0, 1)), front.narrow(1, 0, front.shape[1] - 1), turned], 1);
    }
}
