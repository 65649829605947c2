using BenchmarkDotNet.Attributes;
using ImplicitNet.LinearSolvers;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Pieces;

/// <summary>
/// One step of GMRES on 100 systems of 2,592 unknowns, the mean of ten, with products that cost next to nothing: what the method adds to a
/// product.
/// </summary>
public class GmresBenchmarks
{
    private const int Batch = 100;
    private const int Steps = 10;

    private DiagonalOperator _operator = null!;
    private Tensor _rightSide = null!;

    [GlobalSetup]
    public void Setup()
    {
        random.manual_seed(1);
        _operator = new DiagonalOperator(rand(Batch, 2592) + 0.1);
        _rightSide = randn(Batch, 2592);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _operator.Dispose();
        _rightSide.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Steps)]
    public int Step()
    {
        // Never met within the steps: all samples take all of them.
        LinearTolerance[] tolerances = [.. Enumerable.Repeat(new LinearTolerance(0, 1e-30), Batch)];
        using LinearSolution solution = new GmresSolver { Restart = Steps, MaxProducts = Steps }.Solve(_operator, _rightSide, tolerances);
        return solution.Samples.Count;
    }

    private sealed class DiagonalOperator(Tensor diagonal) : LinearOperator
    {
        public override Tensor Apply(Tensor vectors) => vectors * diagonal;

        public override Tensor ApplyTransposed(Tensor vectors) => Apply(vectors);

        public override LinearOperator Restrict(Tensor samples) => new DiagonalOperator(diagonal.index_select(0, samples));

        public override void Dispose() => diagonal.Dispose();
    }
}
