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
            [(1, SolveStatus.Diverged), (2, SolveStatus.Stalled), (3, SolveStatus.NonFinite), (4, SolveStatus.Diverged)],
            report.Changes.Select(change => (change.Sample, change.Reason)));
        Assert.All(report.Changes, change => Assert.Equal((alone.Report.Samples[change.Sample].Steps, $"{Plain}", $"{Damped}"), (change.Step, change.From, change.To)));
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

    [Fact]
    public void The_last_solver_of_the_default_chain_solves_what_loose_steps_cannot()
    {
        using DisposeScope scope = NewDisposeScope();
        StoppingRule stopping = new() { AbsoluteTolerance = 1e-10, RelativeTolerance = 1e-10, MaxSteps = 500 };
        FixedPointProblem problem = FixedPointProblems.Named("trigonometric");
        (PerSampleMap map, Tensor start) = problem.Create();
        using PerSampleMap owned = map;
        using Tensor ownedStart = start;
        using FixedPointSolution loose = FixedPoint.Solve(map, start, new NewtonKrylovSolver(), stopping);
        using FixedPointSolution last = FixedPoint.Solve(map, start, new SolverChain().Solvers[^1], stopping);
        Assert.NotEqual(SolveStatus.Converged, loose.Report.Samples.Single().Status);
        Assert.Equal(SolveStatus.Converged, last.Report.Samples.Single().Status);
        using Tensor mapped = map.Evaluate(last.Latent);
        using Tensor residual = (mapped - last.Latent).norm();
        Assert.InRange(residual.ToDouble(), 0, 1e-9);
        Assert.InRange(last.Report.Evaluations, 1, 100);
    }

    [Fact]
    public void Chains_of_nothing_or_of_chains_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new SolverChain { Solvers = [] });
        Assert.Throws<ArgumentException>(() => new SolverChain { Solvers = [Chain] });
        Assert.Equal(new SolverChain { Solvers = [Plain, Damped] }, Chain);
    }
}
