using ImplicitNet.Differentiation;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>One step of the optimiser: forward, loss, backward, update.</summary>
internal sealed class TrainingStep(
    TrainedModel model, TrainingTask task, TrainingOptions options, optim.Optimizer optimizer, LatentCache? latents)
{
    // Adam divides the rate by 1 - 0.9 in its first step, and torch takes no number that float32 cannot hold.
    private const double LargestRate = float.MaxValue / 16;

    private const int NumbersTold = 5;

    private readonly Finiteness _finiteness = new(model.Module, options.Optimizer.LargestMove);
    private readonly Parameter[] _parameters = [.. model.Module.parameters()];
    private int _epoch;

    /// <summary>The ranks that make the step together; null for a process of its own.</summary>
    public RankedRun? Ranks { private get; set; }

    /// <summary>Whether samples whose solve failed were left out of the last step.</summary>
    public bool ExcludesFailures { get; private set; }

    /// <summary>
    /// Makes a step on a batch, in the caller's dispose scope. A batch of which no sample counts changes no weight: there is no gradient,
    /// and the moments alone would move them.
    /// </summary>
    /// <param name="batch">The batch, which the model has taken; the caller keeps it.</param>
    /// <param name="gradients">Those in force.</param>
    /// <param name="draw">What the schedule of solves draws by: a function of seed and step.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="totals">Told how long each part took.</param>
    /// <exception cref="TrainingDivergedException">
    /// The loss or a gradient is not finite, and the weights stay as they were; or a weight is not, after the step.
    /// </exception>
    /// <exception cref="Distribution.CollectiveException">Another rank failed.</exception>
    /// <exception cref="InvalidOperationException">
    /// The loss has no graph, torch refuses something, or the model has other parameters than before.
    /// </exception>
    public StepOutcome Make(
        Batch batch, GradientsInForce gradients, ulong draw, double rate, long step, int epoch, EpochTotals totals)
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

        if (Ranks is { } ranks)
        {
            ranks.Gradient.Clear();
        }
        else
        {
            optimizer.zero_grad();
            LeaveFrozen();
        }

        StepOutcome outcome = Answer(batch, gradients, draw, step);
        totals.Lap(static (times, seconds) => times with { Forward = times.Forward + seconds });
        try
        {
            if (epoch != _epoch)
            {
                // In a first call parts may be made that were put off.
                model.EnsureSameParameters();
                _epoch = epoch;
            }

            EnsureFinite(outcome, rate, step, epoch);
            if (Meet(outcome, batch, totals))
            {
                Move(outcome, rate, step, epoch, totals);
            }

            ExcludesFailures = outcome.Solves.Any(
                all => all.Solves.Any(solve => solve.Settings.OnFailure is MaskFailures or ThrowOnFailure));
            return outcome;
        }
        catch
        {
            outcome.Dispose();
            throw;
        }
    }

    /// <summary>Leaves the model without gradients: those of the last step are of other weights than the best.</summary>
    public void ClearGradients()
    {
        foreach (Parameter parameter in model.Module.parameters())
        {
            parameter.grad = null;
        }
    }

    private StepOutcome Answer(Batch batch, GradientsInForce gradients, ulong draw, long step)
    {
        try
        {
            TrainingOptions now = options with { Solves = options.Solves.At(step) };
            return new ScheduledSolve(model, task, now, latents, Ranks is null ? null : Ranks.Share).Run(batch, gradients, draw);
        }
        catch (FixedPointException failure) when (batch.HasIndices && failure.Report.Samples.Count == batch.Count)
        {
            // The place in a shuffled batch tells nobody which row of the data it is.
            using Tensor host = batch.Indices.cpu();
            long[] numbers = [.. host.data<long>()];
            long[] failed = [.. numbers.Where((_, place) => failure.Report.Samples[place].Status != SolveStatus.Converged).Order()];
            string told = string.Join(", ", failed.Take(NumbersTold));
            string rest = failed.Length > NumbersTold ? $" and {failed.Length - NumbersTold} more" : "";
            throw new FixedPointException(failure.Report, $"The samples' numbers in the data: {told}{rest}.");
        }
    }

    private static void EnsureFinite(StepOutcome outcome, double rate, long step, int epoch)
    {
        double minimized = outcome.HasPenalty ? outcome.Objective!.ToDouble() : outcome.Loss;
        if (!double.IsFinite(minimized) && outcome.Counted > 0)
        {
            throw TrainingDivergedException.At(FormattableString.Invariant($"The loss is {minimized}"), step, epoch, rate);
        }
    }

    /// <summary>Meets the other ranks, where there are any.</summary>
    /// <returns>Whether a sample counts: otherwise there is no gradient.</returns>
    private bool Meet(StepOutcome outcome, Batch batch, EpochTotals totals)
    {
        if (Ranks is null)
        {
            return outcome.Objective is not null;
        }

        outcome.Measured = TrainedModel.Measure(task, outcome.Output, batch);
        totals.BeginLaps();
        Ranks.Meet(outcome, totals);
        totals.Lap(static (times, seconds) => times with { Wait = times.Wait + seconds });
        return Ranks.Step.Counted > 0;
    }

    private void Move(StepOutcome outcome, double rate, long step, int epoch, EpochTotals totals)
    {
        Exception? failure = null;
        try
        {
            Differentiate(Ranks is null ? outcome.Objective! : outcome.Objective! * Ranks.Step.Weight);
            Ranks?.ThrowIfFailed();
            outcome.ThrowIfFailed();
        }
        catch (Exception exception) when (Ranks is { MeetsWithin: false })
        {
            failure = exception; // told where the others wait for the gradient
        }

        Wait(model.Device);
        totals.Lap(static (times, seconds) => times with { Backward = times.Backward + seconds });
        if (Ranks is not null)
        {
            Ranks.SumGradients(failure);
            totals.Lap(static (times, seconds) => times with { Wait = times.Wait + seconds });
        }

        if (_finiteness.CheckGradients(options.ClipNorm) is { } gradient)
        {
            throw TrainingDivergedException.At($"The gradient cannot be used: {gradient}", step, epoch, rate);
        }

        optimizer.step();
        if (_finiteness.CheckWeights(rate, options.WeightDecay) is { } weight)
        {
            throw TrainingDivergedException.At($"The weights are not finite: {weight}", step, epoch, rate);
        }

        Wait(model.Device);
        totals.Lap(static (times, seconds) => times with { Optimizer = times.Optimizer + seconds });
    }

    private static void Differentiate(Tensor minimized) => TorchMessage.Guarded(
        minimized,
        static objective =>
        {
            objective.backward();
            return true;
        },
        static (objective, said) => new InvalidOperationException(objective.requires_grad
            ? $"Torch refuses the backward pass: {said}"
            : "The loss has no graph: it depends on no parameter that requires a gradient. "
                + "The model's answer or the loss was detached or made without gradients, or every parameter was frozen."));

    /// <summary>
    /// A parameter that was frozen after it had a gradient has one of 0 now, by which its moments and the weight decay would go on to move
    /// it: optimisers pass over parameters that have none.
    /// </summary>
    private void LeaveFrozen()
    {
        foreach (Parameter parameter in _parameters)
        {
            if (!parameter.requires_grad)
            {
                parameter.grad = null;
            }
        }
    }

    /// <summary>Lets a device finish that works on its own, so that each part of a step is charged what it cost.</summary>
    private static void Wait(Device device)
    {
        if (device.type == DeviceType.CUDA)
        {
            cuda.synchronize(device);
        }
    }
}
