using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>One step of the optimiser: forward, loss, backward, update.</summary>
internal sealed class TrainingStep(ImplicitNetwork network, TrainingOptions options, AdamW optimizer, LatentCache? latents)
{
    // Adam divides the rate by 1 - 0.9 in its first step, and torch takes no number that float32 cannot hold.
    private const double LargestRate = float.MaxValue / 16;

    private readonly Finiteness _finiteness = new(network);

    /// <summary>
    /// Makes a step on a batch, in the caller's dispose scope. A batch of which no sample counts changes no weight: there is no gradient,
    /// and the moments alone would move them.
    /// </summary>
    /// <param name="batch">The batch; stays the caller's.</param>
    /// <param name="settings">How it is solved and differentiated.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="totals">Told how long each part took.</param>
    /// <exception cref="TrainingDivergedException">
    /// The loss or a gradient is not finite, and the weights stay as they were; or a weight is not, after the step.
    /// </exception>
    public Outcome Make(Batch batch, SolveSettings settings, double rate, long step, int epoch, EpochTotals totals)
    {
        totals.BeginLaps();
        if (rate > LargestRate)
        {
            throw TrainingDivergedException.At("The learning rate is more than float32 can hold", step, epoch, rate);
        }

        foreach (optim.ILearningRateController group in optimizer.ParamGroups)
        {
            group.LearningRate = rate;
        }

        optimizer.zero_grad();
        ImplicitResult result = Forward(batch, settings);
        if (!result.Included.Contains(true))
        {
            totals.Lap(static (times, seconds) => times with { Forward = times.Forward + seconds });
            return new Outcome(result, double.NaN);
        }

        Tensor losses = nn.functional.cross_entropy(result.Output, batch.Targets, reduction: nn.Reduction.None);
        Tensor loss = result.Average(losses);
        Tensor objective = result.Penalties is { } penalties ? result.Average(losses + penalties) : loss;
        double value = loss.ToDouble();
        double minimized = result.Penalties is null ? value : objective.ToDouble();
        totals.Lap(static (times, seconds) => times with { Forward = times.Forward + seconds });
        if (!double.IsFinite(minimized))
        {
            throw TrainingDivergedException.At(FormattableString.Invariant($"The loss is {minimized}"), step, epoch, rate);
        }

        objective.backward();
        result.Gradient.ThrowIfFailed();
        Wait(batch.Inputs.device);
        totals.Lap(static (times, seconds) => times with { Backward = times.Backward + seconds });
        if (_finiteness.CheckGradients(options.ClipNorm) is { } gradient)
        {
            throw TrainingDivergedException.At($"The gradient cannot be used: {gradient}", step, epoch, rate);
        }

        optimizer.step();
        if (_finiteness.CheckWeights(rate, options.WeightDecay) is { } weight)
        {
            throw TrainingDivergedException.At($"The weights are not finite: {weight}", step, epoch, rate);
        }

        Wait(batch.Inputs.device);
        totals.Lap(static (times, seconds) => times with { Optimizer = times.Optimizer + seconds });
        return new Outcome(result, value);
    }

    /// <summary>Runs the network on a batch, from the latents of the epoch before where there are any.</summary>
    private ImplicitResult Forward(Batch batch, SolveSettings settings)
    {
        if (latents is null)
        {
            return network.Run(batch.Inputs, settings, penalty: options.JacobianPenalty);
        }

        long[] samples = [.. batch.Indices.cpu().data<long>()];
        ImplicitResult result = network.Run(
            batch.Inputs, settings, StartingPoint.From(own => latents.Starts(samples, own)), penalty: options.JacobianPenalty);
        latents.Store(samples, result.Latent, result.Report);
        return result;
    }

    /// <summary>Lets a device finish that works on its own, so that each part of a step is charged what it cost.</summary>
    private static void Wait(Device device)
    {
        if (device.type == DeviceType.CUDA)
        {
            cuda.synchronize(device);
        }
    }

    /// <summary>What a step computed.</summary>
    /// <param name="result">The network's result. Owned by the outcome.</param>
    /// <param name="loss">The mean loss of the samples that count, without the penalty; NaN where none does.</param>
    internal sealed class Outcome(ImplicitResult result, double loss) : IDisposable
    {
        public ImplicitResult Result { get; } = result;

        public double Loss { get; } = loss;

        /// <inheritdoc/>
        public void Dispose() => Result.Dispose();
    }
}
