using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Reports;
using ImplicitNet.Training.Weights;
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
    private readonly BatchSource _train;
    private readonly BatchSource _validation;
    private readonly TrainingOptions _options;
    private readonly RunFolder? _folder;
    private readonly AdamW _optimizer;
    private readonly WeightAverage? _average;
    private readonly LatentCache? _latents;
    private readonly Dictionary<string, Tensor> _best = [];
    private readonly TrainingTensors _tensors;
    private readonly long _steps;
    private TrainingPosition _position;

    /// <summary>Prepares a run.</summary>
    /// <param name="network">Images to logits; trained in place; stays the caller's.</param>
    /// <param name="train">The training data, with batch size, seed and augmentation.</param>
    /// <param name="validation">The data on which the best epoch is chosen.</param>
    /// <param name="options">Default: 10 epochs of Adam at 3e-3 with a cosine schedule.</param>
    /// <param name="folder">Where checkpoints, weights, history and TensorBoard events go; none by default.</param>
    public Trainer(ImplicitNetwork network, BatchSource train, BatchSource validation, TrainingOptions? options = null, RunFolder? folder = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(validation);
        _network = network;
        _train = train;
        _validation = validation;
        _options = options ?? new TrainingOptions();
        _folder = folder;
        _steps = (long)_options.Epochs * train.StepsPerEpoch;
        _optimizer = new AdamW(network.parameters(), _options.LearningRate, 0.9, 0.999, 1e-8, _options.WeightDecay, amsgrad: false, maximize: false);
        _average = _options.AverageDecay is { } decay ? new WeightAverage(network, decay) : null;
        _latents = _options.WarmStart is { } cache ? new LatentCache(cache) : null;
        _tensors = new TrainingTensors(network, _optimizer, _average, _best, _latents);
        _position = new TrainingPosition { Fingerprint = Fingerprint() };
    }

    /// <summary>The latents of the training samples, with hit statistics; null without <see cref="TrainingOptions.WarmStart"/>.</summary>
    public LatentCache? WarmStart => _latents;

    /// <summary>Compares the gradient with the exact one on the way, outside the time measured; default: none. Decides nothing about the weights.</summary>
    public GradientProbe? Probe { get; init; }

    private long Step => ((long)_position.Epoch * _train.StepsPerEpoch) + _position.StepInEpoch;

    /// <summary>Goes back to the folder's last checkpoint.</summary>
    /// <returns>False, and nothing changed, when there is none.</returns>
    /// <exception cref="InvalidOperationException">The trainer has no folder.</exception>
    /// <exception cref="WeightsFileException">The checkpoint is damaged, or belongs to a run with other data or options.</exception>
    public bool Resume()
    {
        RunFolder folder = _folder ?? throw new InvalidOperationException("A trainer without a folder has no checkpoint to resume from.");
        if (!File.Exists(folder.Checkpoint))
        {
            return false;
        }

        _position = Checkpoint.Read(folder.Checkpoint, _tensors, _position.Fingerprint);
        return true;
    }

    /// <summary>Trains to the end, or until cancelled. Afterwards the network holds the best weights when the run is complete.</summary>
    /// <param name="progress">Told of every step, epoch and checkpoint, on the calling thread.</param>
    /// <param name="cancellation">Looked at after every step; then a checkpoint is written and the call returns.</param>
    /// <exception cref="TrainingDivergedException">The loss is no longer finite.</exception>
    /// <exception cref="IOException">A file of the run could not be written; the last checkpoint stays as it was.</exception>
    public TrainingResult Run(IProgress<TrainingEvent>? progress = null, CancellationToken cancellation = default)
    {
        using RunLog log = new(_folder, Step);
        while (_position.Epoch < _options.Epochs)
        {
            double secondsBefore = _position.Seconds - _position.EpochSeconds;
            EpochTotals totals = new(_position);
            if (!TrainEpoch(totals, secondsBefore, log, progress, cancellation))
            {
                return Result(isComplete: false);
            }

            FinishEpoch(totals, secondsBefore, log, progress);
            if (cancellation.IsCancellationRequested && _position.Epoch < _options.Epochs)
            {
                return Result(isComplete: false);
            }
        }

        using IDisposable noGraph = no_grad();
        foreach ((string name, Tensor weight) in _network.state_dict())
        {
            weight.copy_(_best[name]);
        }

        return Result(isComplete: true);
    }

    /// <summary>Releases the optimiser and the copies of the weights; never the network.</summary>
    public void Dispose()
    {
        _optimizer.Dispose();
        _average?.Dispose();
        _latents?.Dispose();
        foreach (Tensor weight in _best.Values)
        {
            weight.Dispose();
        }
    }

    private bool TrainEpoch(EpochTotals totals, double secondsBefore, RunLog log, IProgress<TrainingEvent>? progress, CancellationToken cancellation)
    {
        _network.train();
        foreach (Batch batch in _train.Epoch(_position.Epoch, _position.StepInEpoch))
        {
            TrainingEvent.StepFinished step = TrainStep(batch, totals);
            progress?.Report(step);
            if (step.Step % _options.LogSteps == 0)
            {
                log.Step(step);
            }

            if (Probe is { } probe && probe.IsDue(step.StepInEpoch, step.StepsPerEpoch))
            {
                totals.Measure(() => probe.Cosine(_network, _train));
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

    private TrainingEvent.StepFinished TrainStep(Batch batch, EpochTotals totals)
    {
        using Batch owned = batch;
        using DisposeScope scope = NewDisposeScope();
        totals.BeginLaps();
        double rate = _options.RateAt(Step, _steps);
        foreach (optim.ILearningRateController group in _optimizer.ParamGroups)
        {
            group.LearningRate = rate;
        }

        _optimizer.zero_grad();
        using ImplicitResult result = Forward(batch);
        Tensor loss = result.Average(nn.functional.cross_entropy(result.Output, batch.Labels, reduction: nn.Reduction.None));
        double value = loss.ToDouble();
        totals.Lap(static (times, seconds) => times with { Forward = times.Forward + seconds });
        if (!double.IsFinite(value))
        {
            throw new TrainingDivergedException(value, Step + 1, _position.Epoch + 1, rate);
        }

        loss.backward();
        result.Gradient.ThrowIfFailed();
        Wait(batch.Images.device);
        totals.Lap(static (times, seconds) => times with { Backward = times.Backward + seconds });
        if (_options.ClipNorm is { } norm)
        {
            nn.utils.clip_grad_norm_(_network.parameters(), norm);
        }

        _optimizer.step();
        _position = _position with { StepInEpoch = _position.StepInEpoch + 1 };
        _average?.Update(Step);
        Wait(batch.Images.device);
        totals.Lap(static (times, seconds) => times with { Optimizer = times.Optimizer + seconds });
        totals.Add(result, _network.Gradient, value, result.Output.argmax(1).eq(batch.Labels).sum().ToInt64());
        return new TrainingEvent.StepFinished(
            Step, _steps, _position.Epoch + 1, _position.StepInEpoch, _train.StepsPerEpoch, value, totals.Accuracy, rate, result.Report.MeanSteps);
    }

    /// <summary>Runs the network on a batch, from the latents of the epoch before where there are any.</summary>
    private ImplicitResult Forward(Batch batch)
    {
        if (_latents is null)
        {
            return _network.Run(batch.Images);
        }

        long[] samples = [.. batch.Indices.cpu().data<long>()];
        ImplicitResult result = _network.Run(batch.Images, own => _latents.Starts(samples, own));
        _latents.Store(samples, result.Latent, result.Report);
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

    private void FinishEpoch(EpochTotals totals, double secondsBefore, RunLog log, IProgress<TrainingEvent>? progress)
    {
        using IDisposable? average = _average?.Apply();
        EvaluationResult validation = Evaluator.Evaluate(_network, _validation);
        totals.Lap((times, _) => times with { Validation = validation.Seconds });
        bool isBest = _position.BestEpoch == 0
            || validation.Accuracy > _position.BestAccuracy
            || (validation.Accuracy == _position.BestAccuracy && validation.Loss < _position.BestLoss);
        long step = Step;
        int epoch = _position.Epoch + 1;
        EpochRecord record = new()
        {
            Epoch = epoch,
            Step = step,
            TrainLoss = totals.Loss,
            TrainAccuracy = totals.Accuracy,
            ValidationLoss = validation.Loss,
            ValidationAccuracy = validation.Accuracy,
            LearningRate = _options.RateAt(step - 1, _steps),
            SolverSteps = totals.Solver.MeanSteps,
            Seconds = totals.Seconds,
            Evaluations = totals.Solver.Evaluations,
            Products = totals.Gradient.Products,
            AdjointFailures = totals.Gradient.Failures,
            FallBacks = totals.Gradient.FallBacks,
            Cosine = totals.Cosine,
            Times = totals.Times,
            PeakMemoryBytes = ProcessMemory.Peak(),
        };
        _position = new TrainingPosition
        {
            Fingerprint = _position.Fingerprint,
            Epoch = epoch,
            BestEpoch = isBest ? epoch : _position.BestEpoch,
            BestAccuracy = isBest ? validation.Accuracy : _position.BestAccuracy,
            BestLoss = isBest ? validation.Loss : _position.BestLoss,
            Seconds = secondsBefore + totals.Seconds,
            Epochs = [.. _position.Epochs, record],
        };
        if (isBest)
        {
            KeepBest();
        }

        average?.Dispose();
        IContraction? contraction = _network.Layer.Operator as IContraction;
        double? certified = contraction?.CertifyFactor();
        log.Epoch(record, totals.Solver, contraction?.DeclaredFactor, certified);
        WriteCheckpoint(progress);
        progress?.Report(new TrainingEvent.EpochFinished(record, totals.Solver, certified, isBest));
    }

    private void KeepBest()
    {
        using IDisposable noGraph = no_grad();
        foreach ((string name, Tensor weight) in _network.state_dict())
        {
            if (_best.TryGetValue(name, out Tensor? kept))
            {
                kept.copy_(weight);
            }
            else
            {
                _best[name] = weight.clone().DetachFromDisposeScope();
            }
        }

        if (_folder is not null)
        {
            SafetensorsFile.Write(_folder.Model, _best);
        }
    }

    private void WriteCheckpoint(IProgress<TrainingEvent>? progress)
    {
        if (_folder is null)
        {
            return;
        }

        Checkpoint.Write(_folder.Checkpoint, _tensors, _position);
        progress?.Report(new TrainingEvent.CheckpointWritten(_folder.Checkpoint, Step));
    }

    private TrainingResult Result(bool isComplete) => new()
    {
        IsComplete = isComplete,
        Steps = Step,
        BestEpoch = _position.BestEpoch,
        ValidationAccuracy = _position.BestAccuracy,
        ValidationLoss = _position.BestLoss,
        Epochs = _position.Epochs,
        Seconds = _position.Seconds,
    };

    /// <summary>What decides the final weights, in words, so that a refusal to resume can show both.</summary>
    private string Fingerprint() =>
        $"{_train.Dataset.Name} ({_train.Dataset.Count} images), {_train.Options}, {_validation.Dataset.Name} ({_validation.Dataset.Count} images), {_options with { CheckpointSteps = 1, LogSteps = 1 }}, {_network.Solver}, {_network.Stopping}, {_network.Gradient}, {_network.OnFailure}";
}
