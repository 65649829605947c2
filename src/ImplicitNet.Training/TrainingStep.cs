using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>One step of the optimiser: forward, loss, backward, update.</summary>
internal sealed class TrainingStep(ImplicitNetwork network, TrainingOptions options, AdamW optimizer, LatentCache? latents)
{
    /// <summary>Makes a step on a batch, in the caller's dispose scope.</summary>
    /// <param name="batch">The batch; stays the caller's.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="totals">Told how long each part took.</param>
    /// <exception cref="TrainingDivergedException">The loss is not finite; the weights stay as they were.</exception>
    public Outcome Make(Batch batch, double rate, long step, int epoch, EpochTotals totals)
    {
        totals.BeginLaps();
        foreach (optim.ILearningRateController group in optimizer.ParamGroups)
        {
            group.LearningRate = rate;
        }

        optimizer.zero_grad();
        ImplicitResult result = Forward(batch);
        Tensor losses = nn.functional.cross_entropy(result.Output, batch.Labels, reduction: nn.Reduction.None);
        Tensor loss = result.Average(losses);
        Tensor objective = result.Penalties is { } penalties ? result.Average(losses + penalties) : loss;
        double value = loss.ToDouble();
        double minimized = result.Penalties is null ? value : objective.ToDouble();
        totals.Lap(static (times, seconds) => times with { Forward = times.Forward + seconds });
        if (!double.IsFinite(minimized))
        {
            throw new TrainingDivergedException(minimized, step, epoch, rate);
        }

        objective.backward();
        result.Gradient.ThrowIfFailed();
        Wait(batch.Images.device);
        totals.Lap(static (times, seconds) => times with { Backward = times.Backward + seconds });
        if (options.ClipNorm is { } norm)
        {
            nn.utils.clip_grad_norm_(network.parameters(), norm);
        }

        optimizer.step();
        Wait(batch.Images.device);
        totals.Lap(static (times, seconds) => times with { Optimizer = times.Optimizer + seconds });
        return new Outcome(result, value);
    }

    /// <summary>Runs the network on a batch, from the latents of the epoch before where there are any.</summary>
    private ImplicitResult Forward(Batch batch)
    {
        if (latents is null)
        {
            return network.Run(batch.Images, penalty: options.JacobianPenalty);
        }

        long[] samples = [.. batch.Indices.cpu().data<long>()];
        ImplicitResult result = network.Run(batch.Images, own => latents.Starts(samples, own), penalty: options.JacobianPenalty);
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
    /// <param name="Result">The network's result. Owned by the outcome.</param>
    /// <param name="Loss">The mean loss of the samples that count, without the penalty.</param>
    internal sealed record Outcome(ImplicitResult Result, double Loss) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => Result.Dispose();
    }
}
