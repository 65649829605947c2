using ImplicitNet.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Paired;

/// <summary>Training steps as the library's trainer makes them, with what their solves took.</summary>
internal sealed class LibraryTraining : IDisposable
{
    private readonly AdamW _optimizer;
    private long _samples;
    private long _steps;

    /// <summary>Prepares to train a network.</summary>
    /// <param name="network">Owned from now on.</param>
    /// <param name="rate">Adam's learning rate.</param>
    public LibraryTraining(ImplicitNetwork network, double rate)
    {
        Network = network;
        network.train();

        // A solve that fails is counted and told, and does not end the measurement.
        network.OnFailure =
            new WarnOnFailure { Warn = report => Failures += report.Samples.Count - report.Count(Solvers.SolveStatus.Converged) };
        _optimizer = new AdamW(network.parameters(), rate, 0.9, 0.999, 1e-8, weight_decay: 0, amsgrad: false, maximize: false);
    }

    /// <summary>The network.</summary>
    public ImplicitNetwork Network { get; }

    /// <summary>Samples whose solve has not converged.</summary>
    public long Failures { get; private set; }

    /// <summary>Solver steps of a sample, on average over all steps made.</summary>
    public double MeanSteps => (double)_steps / Math.Max(1, _samples);

    /// <summary>Makes one step.</summary>
    /// <param name="images">[batch, 1, height, width], channels last in memory.</param>
    /// <param name="labels">[batch], int64.</param>
    /// <returns>The loss.</returns>
    public double Step(Tensor images, Tensor labels)
    {
        using DisposeScope scope = NewDisposeScope();
        _optimizer.zero_grad();
        using ImplicitResult result = Network.Run(images);
        Tensor loss = result.Average(nn.functional.cross_entropy(result.Output, labels, reduction: nn.Reduction.None));
        double value = loss.ToDouble();
        loss.backward();
        result.Gradient.ThrowIfFailed();
        _optimizer.step();
        _samples += result.Report.Samples.Count;
        _steps += result.Report.Samples.Sum(sample => (long)sample.Steps);
        return value;
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        Network.Dispose();
    }
}
