using BenchmarkDotNet.Attributes;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Pieces;

/// <summary>
/// The norm of a residual of 100 latents of 32 x 9 x 9: over the channels, the largest taken, as the published code has it; over the
/// whole sample, as the library has it.
/// </summary>
public class ResidualNormBenchmarks
{
    private Tensor _first = null!;
    private Tensor _last = null!;

    [GlobalSetup]
    public void Setup()
    {
        random.manual_seed(1);
        _first = randn(100, 32, 9, 9);
        _last = randn(100, 9, 9, 32).permute(0, 3, 1, 2);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _first.Dispose();
        _last.Dispose();
    }

    [Benchmark(Baseline = true)]
    public double OverChannels()
    {
        using DisposeScope scope = NewDisposeScope();
        return _first.norm(1, false, 2).max().ToDouble();
    }

    [Benchmark]
    public double OverChannelsChannelsLast()
    {
        using DisposeScope scope = NewDisposeScope();
        return _last.norm(1, false, 2).max().ToDouble();
    }

    [Benchmark]
    public double OverSamples()
    {
        using DisposeScope scope = NewDisposeScope();
        return ResidualNorm.L2.Measure(_first.reshape(100, -1)).max().ToDouble();
    }

    [Benchmark]
    public double OverSamplesChannelsLast()
    {
        using DisposeScope scope = NewDisposeScope();
        return ResidualNorm.L2.Measure(_last.permute(0, 2, 3, 1).reshape(100, -1)).max().ToDouble();
    }
}
