using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Ceiling;

/// <summary>One solve whose work is one convolution a step: what is held against the rate of that convolution.</summary>
internal sealed class CeilingCase : IDisposable
{
    private const double Gamma = 0.9;
    private const int KernelSide = 3;

    private readonly nn.Module _owner;
    private readonly Tensor _q;

    private CeilingCase(string name, nn.Module owner, LatentOperator latentOperator, Tensor q, StoppingRule stopping)
    {
        (Name, _owner, Operator, _q, Stopping) = (name, owner, latentOperator, q, stopping);
        using IDisposable noGraph = no_grad();
        Map = latentOperator.Bind(q);
        Start = latentOperator.StartingLatent(q).DetachFromDisposeScope();
    }

    /// <summary>Such as "20 steps" and "to 1e-3".</summary>
    public string Name { get; }

    /// <summary>R.</summary>
    public LatentOperator Operator { get; }

    /// <summary>When a sample is finished.</summary>
    public StoppingRule Stopping { get; }

    /// <summary>R with q.</summary>
    public FixedPointMap Map { get; }

    /// <summary>Where the solve starts: [batch, channels, side, side], channels last in memory.</summary>
    public Tensor Start { get; }

    /// <summary>Samples in the batch.</summary>
    public long Batch => Start.shape[0];

    /// <summary>Channels of the latent.</summary>
    public long Channels => Start.shape[1];

    /// <summary>Side of the latent, in pixels.</summary>
    public long Side => Start.shape[2];

    /// <summary>The weight as the solve applies it: [channels, channels, 3, 3]. Stays the map's.</summary>
    public Tensor Weight =>
        Map.Inputs.Shared.Single(input => input.shape.AsSpan().SequenceEqual([Channels, Channels, KernelSide, KernelSide]));

    /// <summary>Multiply-adds of one convolution of one sample, those with the zeros of the padding counted.</summary>
    public double MultiplyAdds => (double)KernelSide * KernelSide * Channels * Channels * Side * Side;

    /// <summary>A convolution of its own on noise, for exactly so many steps.</summary>
    public static CeilingCase OfSteps(int batch, int channels, int side, int steps)
    {
        using DisposeScope scope = NewDisposeScope();
        ContractionOperator latentOperator = new(new BoundedConvolution(channels, channels, KernelSide, (side, side)), Gamma);
        Tensor q = randn(batch, side, side, channels).permute(0, 3, 1, 2);

        // A threshold of zero is never met: every sample takes every step, and none leaves the batch.
        StoppingRule stopping = new() { RelativeTolerance = 0, MaxSteps = steps };
        return new CeilingCase($"{steps} steps", latentOperator, latentOperator, q.DetachFromDisposeScope(), stopping);
    }

    /// <summary>That of the default classifier with the weights it begins with, on drawn digits, to its own tolerance.</summary>
    public static CeilingCase OfClassifier(int batch)
    {
        using DisposeScope scope = NewDisposeScope();
        ImplicitNetwork network = DigitClassifier.Create();
        using PreparedBatches images = PreparedBatches.ToTrain(MeasuredImages.Load(null, batch), batch, most: 1);
        using IDisposable noGraph = no_grad();
        Tensor q = network.Encoder.call(images.ChannelsLast(0).Images);
        return new CeilingCase(
            "default classifier, to its tolerance", network, network.Layer.Operator, q.DetachFromDisposeScope(), network.Stopping);
    }

    /// <summary>Solves once.</summary>
    /// <returns>Evaluations paid, each of one sample.</returns>
    public long Solve()
    {
        using FixedPointSolution solution = FixedPoint.Solve(Map, Start, stopping: Stopping);
        return solution.Report.Evaluations;
    }

    /// <summary>Prepares the weight once more, as every solve of a training step does.</summary>
    public void Bind()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using FixedPointMap map = Operator.Bind(_q);
    }

    public void Dispose()
    {
        Map.Dispose();
        Start.Dispose();
        _q.Dispose();
        _owner.Dispose();
    }
}
