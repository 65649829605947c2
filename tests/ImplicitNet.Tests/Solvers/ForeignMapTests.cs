using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>Maps as people write them: they write into what they are given, and return what they keep.</summary>
public sealed class ForeignMapTests : TensorTest
{
    /// <summary>u / 2 + q in several ways, none of which may change the answer 2 q.</summary>
    private static readonly Dictionary<string, Func<Tensor[], Func<Tensor, Tensor, Tensor>>> Ways = new()
    {
        ["in place, returned"] = _ => (u, q) => u.mul_(0.5).add_(q),
        ["in place, another returned"] = _ => (u, q) => u.mul_(0.5) + q,
        ["written over after use"] = _ => (u, q) =>
        {
            Tensor mapped = (u * 0.5) + q;
            u.fill_(7);
            return mapped;
        },
        ["through a view"] = _ => (u, q) =>
        {
            u.view(-1).mul_(0.5);
            return u.add_(q).alias();
        },
        ["a view of the argument"] = _ => (u, q) => u.mul_(0.5).add_(q).view(q.shape),
        ["into the argument by copy"] = _ => (u, q) => u.copy_((u * 0.5) + q),
        ["a tensor that is kept"] = kept => (u, q) => Keep(kept, 0, (u * 0.5) + q),
        ["a view of a tensor that is kept"] = kept => (u, q) => Keep(kept, 0, (u * 0.5) + q).alias(),
        ["two tensors that are kept, by turns"] = kept =>
        {
            int calls = 0;
            return (u, q) => Keep(kept, calls++ % 2, (u * 0.5) + q);
        },
    };

    public static TheoryData<string, string> Cases => [.. from way in Ways.Keys from solver in SolverCases.All select (way, solver.Data)];

    public static TheoryData<string> Solvers => SolverCases.All;

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_map_that_writes_into_its_argument_or_returns_what_it_keeps_is_solved(string way, string solver)
    {
        foreach (ScalarType dtype in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            foreach (bool isCoupled in new[] { false, true })
            {
                Tensor[] kept = [null!, null!];
                using DisposeScope scope = NewDisposeScope();
                Tensor q = tensor(new double[,] { { 1, 3 }, { -2, -6 }, { 0, 0.5 } }).to(dtype);
                Tensor start = full([3, 2], 0.25, dtype);
                Func<Tensor, Tensor, Tensor> function = Ways[way](kept);
                using FixedPointMap map = isCoupled ? new CoupledMap((u, inputs) => function(u, inputs.PerSample[0]), new MapInputs { PerSample = [q] }) : new PerSampleMap(function, q);
                using FixedPointSolution solution = FixedPoint.Solve(map, start, SolverCases.Named(solver), new StoppingRule { AbsoluteTolerance = 1e-5 });
                Assert.True(solution.Report.AllConverged, solution.Report.ToString());
                Assert.InRange((solution.Latent - (q * 2)).abs().max().ToDouble(), 0, 2e-5);
                Assert.Equal(6 * 0.25, start.sum().ToDouble());
                Assert.Equal(-3.5, q.sum().ToDouble());
                Assert.All(solution.Report.Samples, sample => Assert.True(sample.Steps > 1 && sample.StartResidual > 0.1));
                Array.ForEach(kept, tensor => tensor?.Dispose());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_map_that_writes_into_q_is_refused_in_one_line(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor start = zeros(2, 3);
        Func<Tensor, Tensor, Tensor>[] functions = [(u, q) => q.add_(u * 0.5), (u, q) => (u * 0.5) + q.mul_(0.9), (u, q) => u.add(q.copy_(u))];
        foreach (Func<Tensor, Tensor, Tensor> function in functions)
        {
            using Tensor q = ones(2, 3);
            using PerSampleMap map = new(function, q);
            ArgumentException exception = Assert.Throws<ArgumentException>(() => FixedPoint.Solve(map, start + 1.25, SolverCases.Named(solver)));
            Assert.StartsWith("The map wrote into q of [2, 3]", exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', exception.Message);
            using CoupledMap coupled = new((u, inputs) => function(u, inputs.PerSample[0]), new MapInputs { PerSample = [q] });
            Assert.Throws<ArgumentException>(() => FixedPoint.Solve(coupled, start + 0.5, SolverCases.Named(solver)));
        }
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_map_that_returns_no_latent_is_refused_in_one_line(string solver)
    {
        (Func<Tensor, Tensor> Function, string Message)[] cases =
        [
            (_ => null!, "What the map returned for u, [2, 3] Float32, is null."),
            (u => u.sum(), "It was given [2, 3] and returned []."),
            (u => u.narrow(1, 0, 2), "It was given [2, 3] and returned [2, 2]."),
            (u => u.unsqueeze(0), "It was given [2, 3] and returned [1, 2, 3]."),
            (u => u.to(ScalarType.Float64), "It was given Float32 and returned Float64."),
            (u => u.to(ScalarType.Int32), "It was given Float32 and returned Int32."),
            (Disposed, "What the map returned for u, [2, 3] Float32, has been disposed."),
            (u => u.to_sparse(), "What the map returned for u, [2, 3] Float32, is sparse: call to_dense() first."),
            (u => u.to(META), "What the map returned for u, [2, 3] Float32, has no values: it is on the meta device."),
        ];
        foreach ((Func<Tensor, Tensor> function, string message) in cases)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor start = zeros(2, 3);
            foreach (FixedPointMap map in new FixedPointMap[] { new PerSampleMap(function), new CoupledMap(function) })
            {
                long before = Live;
                ArgumentException exception = Assert.Throws<ArgumentException>(() => FixedPoint.Solve(map, start, SolverCases.Named(solver)));
                Assert.EndsWith(message, exception.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', exception.Message);
                Assert.Equal(before, Live);
                map.Dispose();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_start_that_is_no_batch_of_latents_is_refused_in_one_line(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => (u * 0.5) + 1);
        Tensor disposed = zeros(2, 3);
        disposed.Dispose();
        Tensor[] starts =
        [
            disposed, tensor(1.0), zeros([2, 3], ScalarType.Int64), zeros([2, 3], ScalarType.ComplexFloat32), zeros([2, 3], ScalarType.Bool),
            eye(3).to_sparse(), zeros([2, 3], device: new Device(DeviceType.META)),
        ];
        foreach (Tensor start in starts)
        {
            ArgumentException exception = Assert.Throws<ArgumentException>(() => FixedPoint.Solve(map, start, SolverCases.Named(solver)));
            Assert.Equal("start", exception.ParamName);
            Assert.StartsWith("u ", exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', exception.Message);
        }

        Assert.Throws<ArgumentNullException>(() => FixedPoint.Solve(map, null!, SolverCases.Named(solver)));
        Assert.Throws<ArgumentNullException>(() => FixedPoint.Solve(null!, zeros(2, 3), SolverCases.Named(solver)));
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void Every_other_start_is_served_and_left_as_it_was(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => (u * 0.5) + 1);
        Tensor strided = zeros(2, 6).slice(1, 0, 6, 2);
        Tensor[] starts = [zeros([1, 3]).expand(2, 3), zeros([1, 1]).expand(2, 3), zeros([2, 1]).expand(2, 3), zeros(2, 3).requires_grad_(), strided, zeros(3, 2).t()];
        foreach (Tensor start in starts)
        {
            using FixedPointSolution solution = FixedPoint.Solve(map, start, SolverCases.Named(solver));
            Assert.True(solution.Report.AllConverged, solution.Report.ToString());
            Assert.Equal([2, 3], solution.Latent.shape);
            Assert.InRange((solution.Latent - 2).abs().max().ToDouble(), 0, 1e-3);
            Assert.False(solution.Latent.requires_grad);
            Assert.Equal(0, start.abs().sum().ToDouble());
        }

        foreach (long[] shape in new long[][] { [3, 0], [0, 3], [0, 0], [2, 3, 0, 4] })
        {
            using FixedPointSolution solution = FixedPoint.Solve(map, zeros(shape), SolverCases.Named(solver));
            Assert.True(solution.Report.AllConverged);
            Assert.Equal(shape, solution.Latent.shape);
        }

        foreach (double value in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
        {
            using FixedPointSolution solution = FixedPoint.Solve(map, tensor(new[,] { { 0, value }, { 0, 0 } }), SolverCases.Named(solver));
            Assert.Equal([SolveStatus.NonFinite, SolveStatus.Converged], solution.Report.Samples.Select(sample => sample.Status));
            Assert.Equal(2, solution.Latent[1, 1].ToDouble(), 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_norm_that_throws_leaves_no_tensor(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new((u, q) => (u * 0.5).cos() + q, rand(3, 4));
        Tensor start = zeros(3, 4);
        foreach (int calls in new[] { 1, 2, 5 })
        {
            long before = Live;
            StoppingRule rule = new() { RelativeTolerance = 0, Norm = new FailingNorm(calls) };
            Assert.Throws<TimeoutException>(() => FixedPoint.Solve(map, start, SolverCases.Named(solver), rule));
            Assert.Equal(before, Live);
        }
    }

    private static Tensor Disposed(Tensor latent)
    {
        Tensor mapped = latent * 0.5;
        mapped.Dispose();
        return mapped;
    }

    private static Tensor Keep(Tensor[] kept, int place, Tensor value)
    {
        // Of another batch, or with a graph: begun anew.
        if (kept[place] is null || !kept[place].shape.AsSpan().SequenceEqual(value.shape) || value.requires_grad || kept[place].requires_grad)
        {
            kept[place]?.Dispose();
            kept[place] = value.clone().DetachFromDisposeScope();
        }

        return value.requires_grad ? kept[place] : kept[place].copy_(value);
    }

    private sealed record FailingNorm(int Calls) : ResidualNorm
    {
        private int _left = Calls;

        public override Tensor Measure(Tensor rows) => --_left < 0 ? throw new TimeoutException("as asked") : L2.Measure(rows);

        internal override bool IsOfLength => false;
    }
}
