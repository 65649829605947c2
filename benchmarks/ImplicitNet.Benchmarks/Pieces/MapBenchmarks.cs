using BenchmarkDotNet.Attributes;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Pieces;

/// <summary>
/// One application of R to 100 latents of 32 x 9 x 9, by memory layout: one bounded convolution, and the published operator.
/// </summary>
public class MapBenchmarks
{
    private const int Batch = 100;
    private const int Channels = 32;
    private const int Side = 9;

    private ContractionOperator _contraction = null!;
    private ImplicitNetwork _published = null!;
    private FixedPointMap _convolution = null!;
    private FixedPointMap _residual = null!;
    private Tensor _latent = null!;
    private Tensor _q = null!;

    [Params(false, true)]
    public bool ChannelsLast { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        random.manual_seed(1);
        using IDisposable noGraph = no_grad();
        _contraction = new ContractionOperator(new BoundedConvolution(Channels, Channels, 3, (Side, Side)), gamma: 0.9);
        _published = MnistFpn.Create();
        _published.eval();
        _q = Latents();
        _latent = Latents();
        _convolution = _contraction.Bind(_q);
        _residual = _published.Layer.Operator.Bind(_q);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _convolution.Dispose();
        _residual.Dispose();
        _latent.Dispose();
        _q.Dispose();
        _published.Dispose();
        _contraction.Dispose();
    }

    [Benchmark]
    public void BoundedConvolution() => Apply(_convolution);

    [Benchmark]
    public void PublishedResidual() => Apply(_residual);

    private void Apply(FixedPointMap map)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        map.Evaluate(_latent);
    }

    private Tensor Latents() => ChannelsLast ? randn(Batch, Side, Side, Channels).permute(0, 3, 1, 2) : randn(Batch, Channels, Side, Side);
}
