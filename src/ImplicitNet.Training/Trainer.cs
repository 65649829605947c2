using ImplicitNet.Files;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>
/// Trains a classifier: shuffled batches, Adam, validation after every epoch, the weights of the best epoch kept.
/// </summary>
/// <remarks>
/// With a <see cref="RunFolder"/> the run survives a kill at any moment: <see cref="Resume"/> and <see cref="Run"/> go
/// on from the last checkpoint and end with the same weights, bit by bit on one machine with the same number of threads.
/// The test data is none of the trainer's business: evaluate on it once, afterwards.
/// </remarks>
public sealed class Trainer : IDisposable
{
    private readonly ImplicitNetwork _network;
    private readonly ImageBatches _train;
    private readonly ImageBatches _validation;
    private readonly TrainingOptions _options;
    private readonly RunFolder? _folder;
    private readonly AdamW _optimizer;
    private readonly WeightAverage? _average;
    private readonly LatentCache? _latents;
    private readonly BestWeights _best;
    private readonly TrainingStep _step;
    private readonly TrainingTensors _tensors;
    private readonly long _steps;
    private readonly OptionNames _identity;
    private TrainingPosition _position;

    /// <summary>Prepares a run.</summary>
    /// <param name="network">Images to logits; trained in place; stays the caller's.</param>
    /// <param name="train">The training data, with batch size, seed and augmentation.</param>
    /// <param name="validation">The data on which the best epoch is chosen.</param>
    /// <param name="options">Default: 10 epochs of Adam at 3e-3 with a cosine schedule.</param>
    /// <param name="folder">Where checkpoints, weights, history and TensorBoard events go; none by default.</param>
    /// <exception cref="ArgumentException">The escalation policy has no certificates to go by, or would go up and down at once.</exception>
    public Trainer(
        ImplicitNetwork network, ImageBatches train, ImageBatches validation, TrainingOptions? options = null, RunFolder? folder = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(validation);
        _network = network;
        _train = train;
        _validation = validation;
        _options = options ?? new TrainingOptions();
        _options.Escalation?.EnsureUsable(_options.CertificateSteps);
        _folder = folder;
        _steps = (long)_options.Epochs * train.StepsPerEpoch;
        _optimizer =
            new AdamW(network.parameters(), _options.LearningRate, 0.9, 0.999, 1e-8, _options.WeightDecay, amsgrad: false, maximize: false);
        _average = _options.AverageDecay is { } decay ? new WeightAverage(network, decay) : null;
        _latents = _options.WarmStart is { } cache ? new LatentCache(cache) : null;
        _best = new BestWeights(network);
        _step = new TrainingStep(network, _options, _optimizer, _latents);
        _tensors = new TrainingTensors(network, _optimizer, _average, _best.Values, _latents);
        _identity = RunIdentity.Of(network, train, validation, _options);
        _position = new TrainingPosition { Identity = _identity.Values };
    }

    /// <summary>The latents of the training samples, with hit statistics; null without <see cref="TrainingOptions.WarmStart"/>.</summary>
    public LatentCache? WarmStart => _latents;

    /// <summary>
    /// Compares the gradient with the exact one on the way, outside the time measured; default: none. Decides nothing about the weights.
    /// </summary>
    public GradientProbe? Probe { get; init; }

    private long Step => ((long)_position.Epoch * _train.StepsPerEpoch) + _position.StepInEpoch;

    /// <summary>Goes back to the folder's last checkpoint.</summary>
    /// <returns>False, and nothing changed, when there is none.</returns>
    /// <exception cref="InvalidOperationException">The trainer has no folder.</exception>
    /// <exception cref="WeightsFileException">
    /// The checkpoint is damaged, was written by an earlier version, or belongs to a run with other data or options; nothing has changed.
    /// </exception>
    public bool Resume()
    {
        RunFolder folder = _folder ?? throw new InvalidOperationException("A trainer without a folder has no checkpoint to resume from.");
        if (!File.Exists(folder.Checkpoint))
        {
            return false;
        }

        PositionLimits limits = new(_options.Epochs, _train.StepsPerEpoch, _train.Dataset.Count, _options.Escalation?.Gradients.Count ?? 1);
        _position = Checkpoint.Read(folder.Checkpoint, _tensors, _identity, limits);
        return true;
    }

    /// <summary>Trains to the end, or until cancelled. Afterwards the network holds the best weights when the run is complete.</summary>
    /// <param name="progress">Told of every step, epoch and checkpoint, on the calling thread.</param>
    /// <param name="cancellation">Looked at after every step; then a checkpoint is written and the call returns.</param>
    /// <exception cref="TrainingDivergedException">
    /// The loss, a gradient or a weight is no longer finite, or no sample of an epoch converged; the last checkpoint is from before.
    /// </exception>
    /// <exception cref="IOException">
    /// A file of the run could not be written, and the last checkpoint stays as it was; or another process writes to the folder.
    /// </exception>
    public TrainingResult Run(IProgress<TrainingEvent>? progress = null, CancellationToken cancellation = default)
    {
        using RunLock? hold = _folder is null ? null : RunLock.TakeUnlessHeld(_folder.Path);
        using RunLog log = new(_folder, Step);
        GradientWatch watch = new(_network, _options, _position.Escalation);
        while (_position.Epoch < _options.Epochs)
        {
            double secondsBefore = _position.Seconds - _position.EpochSeconds;
            EpochTotals totals = new(_position);
            if (!TrainEpoch(totals, secondsBefore, watch, log, progress, cancellation))
            {
                return TrainingResult.Of(_position, Step, isComplete: false);
            }

            FinishEpoch(totals, secondsBefore, log, progress);
            if (cancellation.IsCancellationRequested && _position.Epoch < _options.Epochs)
            {
                return TrainingResult.Of(_position, Step, isComplete: false);
            }
        }

        _best.Restore();
        return TrainingResult.Of(_position, Step, isComplete: true);
    }

    /// <summary>Releases the optimiser and the copies of the weights; never the network.</summary>
    public void Dispose()
    {
        _optimizer.Dispose();
        _average?.Dispose();
        _latents?.Dispose();
        _best.Dispose();
    }

    private bool TrainEpoch(
        EpochTotals totals, double secondsBefore, GradientWatch watch, RunLog log, IProgress<TrainingEvent>? progress,
        CancellationToken cancellation)
    {
        _network.train();
        foreach (Batch batch in _train.Epoch(_position.Epoch, _position.StepInEpoch))
        {
            using Batch owned = batch;
            _position = _position with { Escalation = watch.Look(Step + 1, batch, _position.Escalation, log, progress) };
            TrainingEvent.StepFinished step = TrainStep(batch, _network.Settings with { Gradient = watch.Gradient }, totals);
            progress?.Report(step);
            if (step.Step % _options.LogSteps == 0)
            {
                log.Step(step);
            }

            if (Probe is { } probe && probe.IsDue(step.StepInEpoch, step.StepsPerEpoch))
            {
                totals.Measure(() => probe.Cosine(_network, watch.Gradient, _train));
            }

            // After an epoch's last step comes its checkpoint, validation included. One before that would stand at the step
            // of the epoch's record, and a run killed between the two would write that record twice.
            if (step.StepInEpoch == step.StepsPerEpoch)
            {
                break;
            }

            bool stop = cancellation.IsCancellationRequested;
            if (stop || step.Step % _options.CheckpointSteps == 0)
            {
                _position = totals.Into(_position, secondsBefore);
                WriteCheckpoint(progress);
            }

            if (stop)
            {
                return false;
            }
        }

        return true;
    }

    private TrainingEvent.StepFinished TrainStep(Batch batch, SolveSettings settings, EpochTotals totals)
    {
        using DisposeScope scope = NewDisposeScope();
        SeedDevice(batch.Inputs.device);
        double rate = _options.RateAt(Step, _steps);
        using TrainingStep.Outcome outcome = _step.Make(batch, settings, rate, Step + 1, _position.Epoch + 1, totals);
        _position = _position with { StepInEpoch = _position.StepInEpoch + 1 };
        _average?.Update(Step);
        bool[] isRight = [.. outcome.Result.Output.argmax(1).eq(batch.Targets).cpu().data<bool>()];
        totals.Add(outcome.Result, settings.Gradient, outcome.Loss, isRight);
        return new TrainingEvent.StepFinished(
            Step, _steps, _position.Epoch + 1, _position.StepInEpoch, _train.StepsPerEpoch, outcome.Loss, totals.Accuracy, rate,
            outcome.Result.Report.MeanSteps);
    }

    /// <summary>
    /// What a device draws in a step is a function of seed, epoch and step: the state of its generator cannot be read here, and so could be
    /// put back neither after a resumption nor after a certificate. The processor's generator is part of every checkpoint.
    /// </summary>
    private void SeedDevice(Device device)
    {
        if (device.type == DeviceType.CUDA)
        {
            ulong key = RandomNumbers.Key(_train.Options.Seed, RandomPurpose.Device, _position.Epoch);
            cuda.manual_seed_all((long)(new RandomNumbers(key, (uint)_position.StepInEpoch).NextBits() >> 1));
        }
    }

    private void FinishEpoch(EpochTotals totals, double secondsBefore, RunLog log, IProgress<TrainingEvent>? progress)
    {
        if (totals.Seen == 0)
        {
            throw TrainingDivergedException.Unsolved("training sample", Step, _position.Epoch + 1);
        }

        using IDisposable? average = _average?.Apply();
        EvaluationResult validation = Evaluator.Evaluate(_network, _validation);
        if (validation.Solver.Failures == validation.Solver.Samples && _network.OnFailure is MaskFailures or ThrowOnFailure)
        {
            // They are classified by iterates that solve nothing: no weights can be chosen by that.
            throw TrainingDivergedException.Unsolved("validation sample", Step, _position.Epoch + 1);
        }

        totals.Lap((times, _) => times with { Validation = validation.Seconds });
        bool isBest = _position.IsBeatenBy(validation);
        EpochRecord record = totals.Record(_position.Epoch + 1, Step, validation, _options.RateAt(Step - 1, _steps));
        _position = _position.After(record, isBest, secondsBefore + totals.Seconds);
        if (isBest)
        {
            EnsureFinite(_network.state_dict(), "The weights are not finite");
            _best.Keep(_folder?.Model);
        }

        average?.Dispose();
        IContraction? contraction = _network.Layer.Operator as IContraction;
        double? certified = contraction?.CertifyFactor();
        log.Epoch(record, totals.Solver, contraction?.DeclaredFactor, certified);
        WriteCheckpoint(progress);
        progress?.Report(new TrainingEvent.EpochFinished(record, totals.Solver, certified, isBest));
    }

    private void WriteCheckpoint(IProgress<TrainingEvent>? progress)
    {
        if (_folder is null)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Dictionary<string, Tensor> tensors = _tensors.Collect();
        EnsureFinite(tensors, "The state of the training is not finite");
        Checkpoint.Write(_folder.Checkpoint, tensors, _position);
        progress?.Report(new TrainingEvent.CheckpointWritten(_folder.Checkpoint, Step));
    }

    /// <summary>What is kept must be usable later: buffers, moments and averages as well as weights.</summary>
    private void EnsureFinite(IEnumerable<KeyValuePair<string, Tensor>> tensors, string what)
    {
        if (Finiteness.Check(tensors) is { } place)
        {
            throw TrainingDivergedException.At(
                $"{what}: {place}", Step, _position.Epoch + 1, _options.RateAt(Math.Max(0, Step - 1), _steps));
        }
    }
}
