using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>A sample's answer is its own: whatever its batch-mates do, and however many they are.</summary>
public sealed class BatchIndependenceTests : TensorTest
{
    private static readonly StoppingRule Stopping = new() { RelativeTolerance = 1e-6, MaxSteps = 400 };

    /// <summary>u -> tanh(a u) c + b elementwise, with (a, b, c) a row of q: elementwise maps are bitwise independent.</summary>
    private static Tensor Map(Tensor u, Tensor q) => (u * q.slice(1, 0, 8, 1)).tanh() * q.slice(1, 8, 16, 1) + q.slice(1, 16, 24, 1);

    private static Tensor Samples(int count, double hardest = 0.9)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(7);
        Tensor a = rand(count, 1) * hardest;
        return cat([a.expand(count, 8), ones(count, 8), rand(count, 8)], 1).MoveToOuterDisposeScope();
    }

    [Fact]
    public void A_nan_sample_keeps_its_best_finite_iterate()
    {
        using DisposeScope scope = NewDisposeScope();
        int calls = 0;
        Tensor row = tensor(new double[] { 0, 1 }).unsqueeze(1);
        using PerSampleMap map = new((u, q) => (u * 0.5) + 1 + (++calls < 4 ? zeros_like(q) : (q / 0).nan_to_num(0, double.PositiveInfinity, 0) * q), row);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(2, 1, ScalarType.Float64), stopping: new StoppingRule { AbsoluteTolerance = 1e-9 });
        Assert.Equal(SolveStatus.NonFinite, solution.Report.Samples[1].Status);
        Assert.Equal(3, solution.Report.Samples[1].BestStep);
        Assert.Equal(0.25, solution.Report.Samples[1].Residual, 1e-12);
        Assert.Equal(1.5, solution.Latent[1].ToDouble(), 1e-12);
        Assert.Equal(SolveStatus.Converged, solution.Report.Samples[0].Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void Batches_of_any_size_give_the_same_bits_statuses_and_steps(int size)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = Samples(64, hardest: 1.2);
        using PerSampleMap map = new(Map, q);
        using FixedPointSolution whole = FixedPoint.Solve(map, zeros(64, 8), stopping: Stopping);
        for (int first = 0; first < 64; first += size)
        {
            int last = Math.Min(first + size, 64);
            using PerSampleMap part = new(Map, q.slice(0, first, last, 1));
            using FixedPointSolution solution = FixedPoint.Solve(part, zeros(last - first, 8), stopping: Stopping);
            Assert.Equal(whole.Report.Samples.Skip(first).Take(last - first), solution.Report.Samples);
            Assert.True(whole.Latent.slice(0, first, last, 1).equal(solution.Latent).all().ToBoolean());
        }
    }

    [Fact]
    public void A_solve_leaves_nothing_behind_for_the_next()
    {
        using DisposeScope scope = NewDisposeScope();
        PicardSolver solver = new() { Damping = 0.8 };
        Tensor q = Samples(32);
        using PerSampleMap map = new(Map, q);
        using FixedPointSolution first = FixedPoint.Solve(map, zeros(32, 8), solver, Stopping);
        using (PerSampleMap hopeless = new((u, x) => u * 5 + x.slice(1, 0, 8, 1), q))
        {
            FixedPoint.Solve(hopeless, ones(32, 8), solver, Stopping).Dispose();
        }

        using FixedPointSolution second = FixedPoint.Solve(map, zeros(32, 8), solver, Stopping);
        Assert.Equal(first.Report.Samples, second.Report.Samples);
        Assert.True(first.Latent.equal(second.Latent).all().ToBoolean());
    }
}
