using ImplicitNet.Models.Problems;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class SolverChainTests : TensorTest
{
    private static readonly PicardSolver Plain = new();
    private static readonly PicardSolver Damped = new() { Damping = 0.4 };
    private static readonly SolverChain Chain = new() { Solvers = [Plain, Damped] };

    // As Eisenstat and Walker recommend.
    private static readonly NewtonKrylovSolver Loose = new() { Forcing = new ForcingTerm { Initial = 0.5, Maximum = 0.9 } };

    /// <summary>R(u, q) = 1 - q u: plain Picard for q below 1, damped for q below 4.</summary>
    private static PerSampleMap Map(params double[] q)
    {
        Tensor rows = tensor(q).unsqueeze(1);
        return new PerSampleMap((u, x) => 1 - (u * x), rows, owned: rows);
    }

    [Fact]
    public void Failed_samples_go_on_and_the_reasons_are_recorded()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = Map(0.5, 2, 1, double.NaN, 9);
        ResidualTrace trace = new();
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(5, 1, ScalarType.Float64), Chain, trace: trace);
        using FixedPointSolution alone = FixedPoint.Solve(map, zeros(5, 1, ScalarType.Float64), Plain);
        SolveReport report = solution.Report;
        Assert.Equal(
            [SolveStatus.Converged, SolveStatus.Converged, SolveStatus.Converged, SolveStatus.NonFinite, SolveStatus.Diverged],
            report.Samples.Select(sample => sample.Status));
        Assert.Equal(
            [
                (1, SolveStatus.Diverged), (2, SolveStatus.Stalled), (3, SolveStatus.NonFinite), (4, SolveStatus.Diverged),
                (3, SolveStatus.NonFinite), (4, SolveStatus.Diverged),
            ],
            report.Changes.Select(change => (change.Sample, change.Reason)));
        Assert.All(report.Changes.Skip(4), change => Assert.Equal(($"{Damped}", $"{Damped}"), (change.From, change.To)));
        Assert.All(report.Changes.Take(4), change => Assert.Equal((alone.Report.Samples[change.Sample].Steps, $"{Plain}", $"{Damped}"), (change.Step, change.From, change.To)));
        Assert.Equal(alone.Report.Samples[0], report.Samples[0]);
        Assert.Equal(1 / 3.0, solution.Latent[1].ToDouble(), 1e-7);
        Assert.Equal(0.5, solution.Latent[2].ToDouble(), 1e-7);
        Assert.True(solution.Latent.isfinite().all().ToBoolean());
        Assert.Equal(report.Samples.Select(sample => sample.Steps), trace.Samples.Select(entries => entries.Count));

        // One clock for the whole chain: what the second solver did comes after all that the first did.
        double[] seconds = [.. trace.Samples[1].Select(entry => entry.Seconds)];
        Assert.Equal(seconds.Order(), seconds);
        int first = alone.Report.Samples[1].Steps;
        Assert.True(seconds[first] > trace.Samples[2][alone.Report.Samples[2].Steps - 1].Seconds);
        Assert.Equal(report.Samples.Sum(sample => sample.Steps), report.Evaluations);
    }

    [Fact]
    public void A_sample_that_is_nearly_there_goes_on_and_another_begins_anew_then_from_its_best()
    {
        // Residuals f^k from 0: with a factor of 1/2 a thousandth is reached in 12 steps, with 3/4 it is not.
        using DisposeScope scope = NewDisposeScope();
        double[] factors = [0.5, 0.75];
        Tensor rows = tensor(factors).unsqueeze(1);
        using PerSampleMap map = new((u, factor) => (u * factor) + 1, rows);
        ResidualTrace trace = new();
        SolverChain chain = new() { Solvers = [Plain, Plain] };
        StoppingRule rule = new() { RelativeTolerance = 0, AbsoluteTolerance = 1e-12, MaxSteps = 12 };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(2, 1, ScalarType.Float64), chain, rule, trace: trace);
        int[][] powers =
        [
            [.. Enumerable.Range(0, 12), .. Enumerable.Range(11, 12), .. Enumerable.Range(22, 12)],
            [.. Enumerable.Range(0, 12), .. Enumerable.Range(0, 12), .. Enumerable.Range(11, 12)],
        ];
        for (int sample = 0; sample < 2; sample++)
        {
            double[] expected = [.. powers[sample].Select(power => Math.Pow(factors[sample], power))];
            Assert.Equal(expected, trace.Samples[sample].Select(entry => entry.Residual), (a, b) => Math.Abs(a - b) <= 1e-12);
            Assert.Equal((36, 36, expected[^1]), (solution.Report.Samples[sample].Steps, solution.Report.Samples[sample].BestStep,
                Math.Round(solution.Report.Samples[sample].Residual / expected[^1], 3) * expected[^1]));
        }
    }

    /// <summary>u = 1 - 2 u without a graph: plain Picard runs away, Newton finds no derivative, damped Picard needs none.</summary>
    [Fact]
    public void A_solver_that_finds_no_derivative_is_passed_over_while_others_are_left()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new((u, q) => (1 - (u * q)).detach(), tensor(new double[,] { { 0.5 }, { 2 } }));
        Tensor start = zeros(2, 1, ScalarType.Float64);
        SolverChain chain = new() { Solvers = [Plain, new NewtonKrylovSolver(), Damped] };
        using FixedPointSolution solution = FixedPoint.Solve(map, start, chain);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.Equal(1 / 3.0, solution.Latent[1].ToDouble(), 1e-7);
        Assert.Equal([(1, $"{Plain}", $"{Damped}")], solution.Report.Changes.Select(change => (change.Sample, change.From, change.To)));
        using FixedPointSolution standard = FixedPoint.Solve(map, start, new SolverChain());
        Assert.True(standard.Report.AllConverged, standard.Report.ToString());
        InvalidOperationException refusal = Assert.ThrowsAny<InvalidOperationException>(
            () => FixedPoint.Solve(map, start, new SolverChain { Solvers = [Plain, new NewtonKrylovSolver()] }));
        Assert.Contains("its graph does not", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>A third solver does not go on from where the first got stuck only because the second ran out of steps.</summary>
    [Fact]
    public void Whether_a_sample_is_on_its_way_is_said_by_the_solver_that_had_it_last()
    {
        // Residuals 1/2^k to 1e-4, where it is level: the first stalls there, the second is too slow from the start.
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => u + (1 - u).clamp(1e-4) / 2);
        ResidualTrace trace = new();
        SolverChain chain = new() { Solvers = [Plain, new PicardSolver { Damping = 0.01 }, new PicardSolver { Damping = 0.02 }] };
        StoppingRule rule = new() { AbsoluteTolerance = 1e-9, RelativeTolerance = 0, MaxSteps = 30, Patience = 5 };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(1, 1, ScalarType.Float64), chain, rule, trace: trace);
        int[] begun = [.. solution.Report.Changes.Select(change => change.Step)];
        Assert.Equal([SolveStatus.Stalled, SolveStatus.MaxStepsReached], solution.Report.Changes.Take(2).Select(change => change.Reason));
        Assert.Equal([0.5, 0.5], begun.Take(2).Select(step => trace.Samples[0][step].Residual));
    }

    [Fact]
    public void A_coupled_map_goes_on_as_a_whole()
    {
        using DisposeScope scope = NewDisposeScope();
        using CoupledMap map = new(u => 1 - (u.mean([0], keepdim: true) * 2).expand_as(u));
        ResidualTrace trace = new();
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(3, 1, ScalarType.Float64), Chain, trace: trace);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.Equal([solution.Report.MaxSteps], trace.Samples.Select(entries => entries.Count));
        Assert.Equal(1 / 3.0, solution.Latent[2].ToDouble(), 1e-7);
        Assert.Equal(3, solution.Report.Changes.Count);
    }

    [Fact]
    public void When_all_converge_at_once_nothing_changes()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = Map(0.5, 0.2);
        using FixedPointSolution chain = FixedPoint.Solve(map, zeros(2, 1, ScalarType.Float64), Chain);
        using FixedPointSolution plain = FixedPoint.Solve(map, zeros(2, 1, ScalarType.Float64), Plain);
        Assert.Empty(chain.Report.Changes);
        Assert.Equal(plain.Report.Samples, chain.Report.Samples);
    }

    /// <summary>Each of the chain's Newtons solves from the start what its neighbour does not.</summary>
    [Theory]
    [InlineData("trigonometric", null, 1)]
    [InlineData("freudenstein-roth", 1, 2)]
    [InlineData("chebyquad", 2, 1)]
    public void No_solver_of_the_default_chain_is_there_in_vain(string name, int? lost, int found)
    {
        using DisposeScope scope = NewDisposeScope();
        StoppingRule stopping = new() { AbsoluteTolerance = 1e-10, RelativeTolerance = 1e-10, MaxSteps = 500 };
        FixedPointProblem problem = FixedPointProblems.Named(name);
        (PerSampleMap map, Tensor start) = problem.Create();
        using PerSampleMap owned = map;
        using Tensor ownedStart = start;
        IReadOnlyList<FixedPointSolver> solvers = new SolverChain().Solvers;
        using FixedPointSolution without =
            FixedPoint.Solve(map, start, lost is { } one ? solvers[one] : Loose, stopping);
        using FixedPointSolution with = FixedPoint.Solve(map, start, solvers[found], stopping);
        Assert.NotEqual(SolveStatus.Converged, without.Report.Samples.Single().Status);
        Assert.Equal(SolveStatus.Converged, with.Report.Samples.Single().Status);
        using Tensor mapped = map.Evaluate(with.Latent);
        using Tensor residual = (mapped - with.Latent).norm();
        Assert.InRange(residual.ToDouble(), 0, 1e-9);
        Assert.InRange(with.Report.Evaluations, 1, 200);
    }

    [Fact]
    public void Chains_of_nothing_or_of_chains_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new SolverChain { Solvers = [] });
        Assert.Throws<ArgumentException>(() => new SolverChain { Solvers = [Chain] });
        Assert.Equal(new SolverChain { Solvers = [Plain, Damped] }, Chain);
    }
}
