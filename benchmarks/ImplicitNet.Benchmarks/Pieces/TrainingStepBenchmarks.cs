using BenchmarkDotNet.Attributes;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Pieces;

/// <summary>The default classifier on a batch of 100 images of noise: a training step and its parts.</summary>
public class TrainingStepBenchmarks
{
    private ImplicitNetwork _network = null!;
    private Tensor _images = null!;
    private Tensor _labels = null!;
    private Tensor _q = null!;
    private FixedPointMap _map = null!;
    private Tensor _latent = null!;

    [Params(0.5, 0.9)]
    public double Gamma { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        random.manual_seed(1);
        _network = DigitClassifier.Create(new DigitClassifierOptions { Gamma = Gamma });
        _images = randn(100, 28, 28, 1).permute(0, 3, 1, 2);
        _labels = arange(100, ScalarType.Int64) % 10;
        using IDisposable noGraph = no_grad();
        _q = _network.Encoder.call(_images);
        _map = _network.Layer.Operator.Bind(_q);
        _latent = _network.Layer.Operator.StartingLatent(_q);
    }

    [Benchmark]
    public void TrainingStep()
    {
        using DisposeScope scope = NewDisposeScope();
        _network.train();
        _network.zero_grad();
        using ImplicitResult result = _network.Run(_images);
        result.Average(nn.functional.cross_entropy(result.Output, _labels, reduction: nn.Reduction.None)).backward();
    }

    [Benchmark]
    public void Inference()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        _network.eval();
        using ImplicitResult result = _network.Run(_images);
    }

    [Benchmark]
    public void Encoder()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        _network.eval();
        _network.Encoder.call(_images);
    }

    [Benchmark]
    public void BoundOfTheWeight()
    {
        using DisposeScope scope = NewDisposeScope();
        using FixedPointMap map = _network.Layer.Operator.Bind(_q);
    }

    [Benchmark]
    public void Evaluation()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        _map.Evaluate(_latent);
    }

    [Benchmark]
    public void Solve()
    {
        using FixedPointSolution solution = FixedPoint.Solve(_map, _latent, stopping: _network.Stopping);
    }
}
