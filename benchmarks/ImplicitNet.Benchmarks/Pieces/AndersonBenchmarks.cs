using BenchmarkDotNet.Attributes;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Pieces;

/// <summary>
/// What Anderson's small least squares cost: ten steps on 100 latents of 2,592 numbers with a map that costs next to nothing, by
/// memory (0 is Picard); and, for comparison, the same small systems solved by torch at once.
/// </summary>
public class AndersonBenchmarks
{
    private const int Batch = 100;
    private const int Steps = 10;

    private PerSampleMap _map = null!;
    private Tensor _scales = null!;
    private Tensor _start = null!;
    private Tensor _systems = null!;
    private Tensor _rightSides = null!;

    [Params(0, 2, 5)]
    public int Memory { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        random.manual_seed(1);
        _scales = rand(2592) * 0.9;
        _start = randn(Batch, 2592);
        _map = new PerSampleMap(u => u * _scales);
        int size = Math.Max(1, Memory);
        _systems = eye(size, dtype: ScalarType.Float64) + rand(Batch, size, size, dtype: ScalarType.Float64) * 0.1;
        _rightSides = rand(Batch, size, 1, dtype: ScalarType.Float64);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _map.Dispose();
        _scales.Dispose();
        _start.Dispose();
        _systems.Dispose();
        _rightSides.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Steps)]
    public long Step()
    {
        AndersonSolver solver = new() { Memory = Memory };
        using FixedPointSolution solution =
            FixedPoint.Solve(_map, _start, solver, new StoppingRule { RelativeTolerance = 0, MaxSteps = Steps });
        return solution.Report.Evaluations;
    }

    [Benchmark]
    public void TorchBatchedSolve()
    {
        using DisposeScope scope = NewDisposeScope();
        linalg.solve(_systems, _rightSides);
    }
}
