using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>
/// A batch of 256 with a NaN, a sample without a fixed point and a slow one, by every solver: the others neither change nor are
/// paid for longer than they need.
/// </summary>
public sealed class BatchOf256Tests(ITestOutputHelper output) : TensorTest
{
    private const int Count = 256;
    private const int Size = 8;
    private const int NotANumber = 17;
    private const int Hopeless = 100;
    private const int Slow = 200;

    private static readonly StoppingRule Stopping = new() { AbsoluteTolerance = 1e-9, MaxSteps = 400 };

    private static readonly int[] Others = [.. Enumerable.Range(0, Count).Except([NotANumber, Hopeless, Slow])];

    private static readonly Dictionary<string, Func<Tensor, Tensor, Tensor>> Maps = new()
    {
        ["elementwise"] = (u, q) => Function(u, u, q),
        ["a rotation within"] = (u, q) => Function(cat([u.slice(1, Size / 2, Size, 1).neg(), u.slice(1, 0, Size / 2, 1)], 1), u, q),
    };

    public static TheoryData<string> Solvers => SolverCases.All;

    public static TheoryData<string, string> SolversAndMaps =>
        new(from solver in SolverCases.All from map in Maps.Keys select (solver.Data, map));

    [Theory]
    [MemberData(nameof(SolversAndMaps))]
    public void The_other_253_are_what_they_are_without(string solver, string map)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = Samples();
        Tensor rows = tensor(Others.Select(i => (long)i).ToArray());
        using FixedPointSolution together = Solve(solver, map, q);
        using FixedPointSolution without = Solve(solver, map, q.index_select(0, rows));

        output.WriteLine($"{solver}, {map}: {together.Report.Samples[Hopeless]}; {together.Report.Samples[Slow]}; {together.Report}");
        Assert.Equal(SolveStatus.NonFinite, together.Report.Samples[NotANumber].Status);
        Assert.NotEqual(SolveStatus.Converged, together.Report.Samples[Hopeless].Status);
        Assert.True(map != "elementwise" || together.Report.Samples[Slow].Steps > 1.5 * without.Report.MeanSteps);
        Assert.True(without.Report.AllConverged, without.Report.ToString());
        Assert.Equal(
            without.Report.Samples.Select(sample => (sample.Status, sample.Steps)),
            Others.Select(i => (together.Report.Samples[i].Status, together.Report.Samples[i].Steps)));

        // Picard is elementwise where the map is; the others sum over a sample, which kernels may do in another order.
        bool isBitwise = SolverCases.Named(solver) is PicardSolver && map == "elementwise";
        Assert.InRange((together.Latent.index_select(0, rows) - without.Latent).abs().max().ToDouble(), 0, isBitwise ? 0 : 1e-12);
        Assert.True(together.Latent.isfinite().all().ToBoolean());
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void What_is_paid_is_what_every_sample_needs_alone(string solver)
    {
        const string map = "elementwise";

        // A graph is for all the samples that it was built for, and building one for fewer costs each of them an evaluation:
        // where half of the samples need p products and half p + 1, either costs half an evaluation for p + 1.5 needed.
        double excess = SolverCases.Named(solver) is NewtonKrylovSolver { Product: DoubleBackwardProduct } ? 0.2 : 0.05;
        using DisposeScope scope = NewDisposeScope();
        Tensor q = Samples();
        using FixedPointSolution together = Solve(solver, map, q);
        long needed = 0;
        for (int sample = 0; sample < Count; sample++)
        {
            using FixedPointSolution alone = Solve(solver, map, q.narrow(0, sample, 1));
            needed += alone.Report.Evaluations;
        }

        output.WriteLine($"{solver}: {together.Report.Evaluations} evaluations paid, {needed} needed, {100.0 * together.Report.Evaluations / needed:0.0} %");
        Assert.InRange(together.Report.Evaluations, needed, (long)(needed * (1 + excess)));
    }

    /// <summary>c tanh(a v) + b + d (u + u^2), (a, c, d, b) a row of q.</summary>
    private static Tensor Function(Tensor v, Tensor u, Tensor q) =>
        (v * q.narrow(1, 0, 1)).tanh() * q.narrow(1, 1, 1) + q.narrow(1, 3, Size) + (u + u.square()) * q.narrow(1, 2, 1);

    private static Tensor Samples()
    {
        random.manual_seed(7);
        Tensor q = cat(
            [
                rand([Count, 1], ScalarType.Float64) * 0.95,
                ones([Count, 1], ScalarType.Float64),
                zeros([Count, 1], ScalarType.Float64),
                randn([Count, Size], ScalarType.Float64),
            ],
            1);
        q[NotANumber] = double.NaN;

        // u + u^2 + 1 is u for no u.
        q[Hopeless] = cat([zeros([2], ScalarType.Float64), ones([1 + Size], ScalarType.Float64)]);
        q[Slow, 0] = 0.9999;
        q[Slow].narrow(0, 3, Size).copy_(logspace(-6, -1, Size, dtype: ScalarType.Float64));
        return q;
    }

    private static FixedPointSolution Solve(string solver, string name, Tensor q)
    {
        using PerSampleMap map = new(Maps[name], q);
        using Tensor start = zeros(q.shape[0], Size, q.dtype);
        return FixedPoint.Solve(map, start, SolverCases.Named(solver), Stopping);
    }
}
