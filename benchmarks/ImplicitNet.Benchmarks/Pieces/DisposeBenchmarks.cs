using BenchmarkDotNet.Attributes;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Pieces;

/// <summary>What a tensor handle and a dispose scope cost, without any arithmetic: the least that a native call takes.</summary>
public class DisposeBenchmarks
{
    private Tensor _tensor = null!;

    [GlobalSetup]
    public void Setup() => _tensor = zeros(1);

    [GlobalCleanup]
    public void Cleanup() => _tensor.Dispose();

    [Benchmark]
    public void EmptyScope()
    {
        using DisposeScope scope = NewDisposeScope();
    }

    [Benchmark]
    public void HandleDisposed() => _tensor.alias().Dispose();

    [Benchmark]
    public void HandleLeftToScope()
    {
        using DisposeScope scope = NewDisposeScope();
        _tensor.alias();
    }

    [Benchmark]
    public void HandleMovedOut()
    {
        using DisposeScope outer = NewDisposeScope();
        using DisposeScope inner = NewDisposeScope();
        _tensor.alias().MoveToOuterDisposeScope();
    }
}
