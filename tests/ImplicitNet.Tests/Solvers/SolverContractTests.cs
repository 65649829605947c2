using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>What every solver owes its caller, whatever its method.</summary>
public sealed class SolverContractTests : TensorTest
{
    private const int Size = 12;

    public static TheoryData<string> Solvers => SolverCases.All;

    /// <summary>All but those with products that are no calls of the map; NewtonKrylovSolverTests counts those.</summary>
    public static TheoryData<string> SolversThatOnlyCallTheMap =>
        [.. SolverCases.All.Select(row => row.Data).Where(name => SolverCases.Named(name) is not NewtonKrylovSolver { Product: DoubleBackwardProduct })];

    /// <summary>u -> a tanh(W u) + b, with (a, b) a row of q: W is a rotation, so a is the contraction factor.</summary>
    private static Tensor Map(Tensor u, Tensor q)
    {
        Tensor rotated = cat([u.slice(1, Size / 2, Size, 1).neg(), u.slice(1, 0, Size / 2, 1)], 1);
        return rotated.tanh() * q.narrow(1, 0, 1) + q.narrow(1, 1, Size);
    }

    private static Tensor Parameters(int count, ScalarType dtype = ScalarType.Float64)
    {
        random.manual_seed(5);
        return cat([rand([count, 1], dtype) * 0.9, randn([count, Size], dtype)], 1);
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_sample_alone_is_what_it_is_in_a_batch(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = Parameters(40);
        using FixedPointSolution whole = Solve(solver, q);
        Assert.True(whole.Report.AllConverged, whole.Report.ToString());
        for (int sample = 0; sample < 40; sample += 7)
        {
            using FixedPointSolution alone = Solve(solver, q.narrow(0, sample, 1));
            Assert.Equal(whole.Report.Samples[sample].Steps, alone.Report.Samples[0].Steps);
            Assert.True((whole.Latent[sample] - alone.Latent[0]).abs().max().ToDouble() < 1e-12);
        }
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void Bad_samples_stay_alone_and_nothing_returned_is_not_finite(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = Parameters(80);
        q[3] = double.NaN;
        q[50, 4] = double.PositiveInfinity;
        q[70, 0] = 1e200;
        int[] bad = [3, 50, 70];
        Tensor others = tensor(Enumerable.Range(0, 80).Except(bad).Select(i => (long)i).ToArray());
        using FixedPointSolution together = Solve(solver, q);
        using FixedPointSolution without = Solve(solver, q.index_select(0, others));

        Assert.Equal(SolveStatus.NonFinite, together.Report.Samples[3].Status);
        Assert.Equal(SolveStatus.NonFinite, together.Report.Samples[50].Status);

        // With 1e200 in the place of a factor there is a fixed point beside zero, which Newton's method finds.
        Tensor found = together.Latent.narrow(0, 70, 1);
        double residual = (Map(found, q.narrow(0, 70, 1)) - found).norm().ToDouble();
        Assert.Equal(residual <= 1e-9, together.Report.Samples[70].Status == SolveStatus.Converged);
        Assert.True(together.Latent.isfinite().all().ToBoolean());
        SampleReport[] rest = [.. together.Report.Samples.Index().Where(entry => !bad.Contains(entry.Index)).Select(entry => entry.Item)];
        Assert.Equal(without.Report.Samples.Select(sample => (sample.Status, sample.Steps)), rest.Select(sample => (sample.Status, sample.Steps)));
        Assert.True((together.Latent.index_select(0, others) - without.Latent).abs().max().ToDouble() < 1e-12);
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void The_scale_of_a_problem_changes_no_step_count(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = Parameters(16);
        using FixedPointSolution plain = Solve(solver, q);
        foreach (double scale in new[] { 1e-3, 1e3 })
        {
            using PerSampleMap map = new((u, x) => Map(u / scale, x) * scale, q);
            using FixedPointSolution scaled = FixedPoint.Solve(
                map, zeros(16, Size, ScalarType.Float64), SolverCases.Named(solver), new StoppingRule { AbsoluteTolerance = 1e-9 * scale, MaxSteps = 500 });
            Assert.All(
                plain.Report.Samples.Zip(scaled.Report.Samples),
                pair => Assert.InRange(pair.Second.Steps, pair.First.Steps - 1, pair.First.Steps + 1));
        }
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void Single_precision_is_enough_for_its_own_tolerance(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = Parameters(16, ScalarType.Float32);
        using PerSampleMap map = new(Map, q);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, zeros(16, Size), SolverCases.Named(solver), new StoppingRule { RelativeTolerance = 1e-5, MaxSteps = 500 });
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.Equal(ScalarType.Float32, solution.Latent.dtype);
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void Half_precision_runs_and_what_converged_did(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new((u, q) => u * q + 1, tensor(new double[,] { { 0.5 }, { -0.5 }, { 0.25 } }).to(ScalarType.BFloat16));
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros([3, 2], ScalarType.BFloat16), SolverCases.Named(solver));
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.Equal(ScalarType.BFloat16, solution.Latent.dtype);
        double[] found = [.. solution.Latent.select(1, 0).to(ScalarType.Float64).data<double>()];
        Assert.All(found.Zip([2, 1 / 1.5, 1 / 0.75]), pair => Assert.Equal(pair.Second, pair.First, 0.05));
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void The_memory_layout_is_kept_and_does_not_matter(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        Tensor weight = randn([4, 4, 3, 3], ScalarType.Float64) * 0.04;
        Tensor q = randn([6, 4, 5, 3], ScalarType.Float64);
        Tensor channelsLast = q.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        Tensor[] found = new Tensor[2];
        foreach ((int i, Tensor input) in new[] { q, channelsLast }.Index())
        {
            using PerSampleMap map = new((u, x) => nn.functional.conv2d(u, weight, padding: [1, 1]).tanh().add(x), input);
            using FixedPointSolution solution = FixedPoint.Solve(
                map, input, SolverCases.Named(solver), new StoppingRule { AbsoluteTolerance = 1e-10, MaxSteps = 500 });
            Assert.True(solution.Report.AllConverged);
            Assert.Equal(input.stride(), solution.Latent.stride());
            found[i] = solution.Latent.alias();
        }

        Assert.True((found[0] - found[1]).abs().max().ToDouble() < 1e-8);
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_coupled_map_is_solved_as_one_system(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        using CoupledMap map = new(u => (u.mean([0], keepdim: true) * 0.5).expand_as(u) + 1);
        using FixedPointSolution solution = FixedPoint.Solve(map, rand([5, 3], ScalarType.Float64), SolverCases.Named(solver));
        Assert.Single(solution.Report.Samples.Distinct());
        Assert.Equal(0, solution.Report.Evaluations % 5);
        Assert.All(solution.Latent.data<double>(), value => Assert.Equal(2, value, 1e-7));
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void Empty_and_one_dimensional_batches_are_served(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => u.cos());
        using FixedPointSolution none = FixedPoint.Solve(map, zeros(0, 3), SolverCases.Named(solver));
        Assert.Equal([0, 3], none.Latent.shape);
        Assert.Equal(0, none.Report.Evaluations);
        using FixedPointSolution flat = FixedPoint.Solve(map, zeros([7], ScalarType.Float64), SolverCases.Named(solver));
        Assert.Equal([7], flat.Latent.shape);
        Assert.All(flat.Latent.data<double>(), value => Assert.Equal(0.73908513321516, value, 1e-7));
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_cancelled_or_failed_solve_leaves_no_tensor(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (bool isCancelled in new[] { true, false })
        {
            using CancellationTokenSource source = new();
            int calls = 0;
            using PerSampleMap map = new((u, x) =>
            {
                if (++calls == 6)
                {
                    source.Cancel();
                }

                return calls >= 6 && !isCancelled ? throw new TimeoutException("as asked") : (u * x).cos();
            }, full([4, 1], 0.9, ScalarType.Float64));
            Tensor start = rand([4, 3], ScalarType.Float64);
            long before = Live;
            Exception? thrown = Record.Exception(() => FixedPoint.Solve(
                map, start, SolverCases.Named(solver), new StoppingRule { AbsoluteTolerance = 0, MaxSteps = 200 }, cancellation: source.Token));
            Assert.IsType(isCancelled ? typeof(OperationCanceledException) : typeof(TimeoutException), thrown);
            Assert.Equal(before, Live);
        }
    }

    [Theory]
    [MemberData(nameof(SolversThatOnlyCallTheMap))]
    public void Evaluations_are_those_the_map_was_asked_for(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        long paid = 0;
        using PerSampleMap map = new(
            (u, x) =>
            {
                paid += u.shape[0];
                return Map(u, x);
            },
            Parameters(40));
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(40, Size, ScalarType.Float64), SolverCases.Named(solver));
        Assert.Equal(paid, solution.Report.Evaluations);
    }

    private static FixedPointSolution Solve(string solver, Tensor q)
    {
        using PerSampleMap map = new(Map, q);
        using Tensor start = zeros(q.shape[0], Size, q.dtype);
        return FixedPoint.Solve(map, start, SolverCases.Named(solver), new StoppingRule { AbsoluteTolerance = 1e-9, MaxSteps = 500 });
    }
}
