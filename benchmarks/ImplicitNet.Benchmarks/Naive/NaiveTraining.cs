using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Naive;

/// <summary>Training steps as the published code makes them: forward, cross-entropy, backward, Adam.</summary>
internal sealed class NaiveTraining(NaiveNetwork network, double rate) : IDisposable
{
    private readonly Adam _optimizer = optim.Adam(network.parameters(), rate);

    /// <summary>Makes one.</summary>
    /// <param name="images">[batch, 1, 28, 28], channels first in memory.</param>
    /// <param name="labels">[batch], int64.</param>
    /// <returns>The loss.</returns>
    public double Step(Tensor images, Tensor labels)
    {
        using DisposeScope scope = NewDisposeScope();
        _optimizer.zero_grad();
        Tensor loss = nn.functional.cross_entropy(network.call(images), labels);
        loss.backward();
        _optimizer.step();
        return loss.ToDouble();
    }

    public void Dispose() => _optimizer.Dispose();
}
