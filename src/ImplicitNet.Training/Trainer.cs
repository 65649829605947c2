using ImplicitNet.Files;
using ImplicitNet.Networks;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Optimizers;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>
/// Trains a model, with or without implicit layers: in shuffled batches, validating after every epoch, keeping the best weights.
/// </summary>
/// <remarks>
/// However a run ends, even by an exception, the model then holds the best weights, if an epoch was finished, in evaluation mode and
/// without gradients; a further <see cref="Run"/> goes on from where the training stopped. With a <see cref="RunFolder"/> it survives a
/// kill: <see cref="Resume"/> and <see cref="Run"/> go on from the last checkpoint and end with the same weights, bit by bit on one machine
/// with the same number of threads. That holds for data whose batches are a function of seed, epoch and index, and for the library's
/// optimisers; other runs resume from their last whole epoch, and say so when they begin. Evaluate on test data once, afterwards.
/// </remarks>
public sealed class Trainer : IDisposable
{
    private readonly TrainedModel _model;
    private readonly TrainingTask _task;
    private readonly BatchSource _train;
    private readonly BatchSource? _validation;
    private readonly TrainingOptions _options;
    private readonly RunFolder? _folder;
    private readonly optim.Optimizer _optimizer;
    private readonly OptimizerMemory? _memory;
    private readonly WeightAverage? _average;
    private readonly LatentCache? _latents;
    private readonly BestWeights _best;
    private readonly StepDraws _draws;
    private readonly TrainingStep _step;
    private readonly TrainingTensors _tensors;
    private readonly long _steps;
    private TrainingPosition _position = new() { Version = TrainingPosition.CurrentVersion };
    private bool _excludesFailures;
    private volatile bool _isAskedToStop;

    /// <summary>Prepares a run.</summary>
    /// <param name="model">Inputs [batch, ...] to outputs [batch, ...]; trained in place, in its own dtype; the caller keeps it.</param>
    /// <param name="task">The loss, what else is measured, and what chooses the best epoch.</param>
    /// <param name="train">The training data.</param>
    /// <param name="validation">The data on which the best epoch is chosen; without any, it is chosen on the training data.</param>
    /// <param name="options">How to train; default: 10 epochs of AdamW at 3e-3 with a cosine schedule.</param>
    /// <param name="folder">Where checkpoints, weights, history and TensorBoard events go; none by default.</param>
    /// <exception cref="ArgumentException">
    /// The model has no parameter to train or a layer that lost its weights, the data have no samples, the escalation policy has no
    /// certificates to go by or would move up and down at once, or a warm start is asked for with samples that have no numbers.
    /// </exception>
    /// <exception cref="NotSupportedException">The optimiser needs the loss several times per step, as LBFGS does.</exception>
    public Trainer(
        nn.Module<Tensor, Tensor> model,
        TrainingTask task,
        BatchSource train,
        BatchSource? validation = null,
        TrainingOptions? options = null,
        RunFolder? folder = null)
        : this(new TrainedModel(model), task, train, validation, options, folder)
    {
    }

    /// <summary>Prepares a run of a model of any inputs.</summary>
    /// <param name="model">Any module; trained in place, in its own dtype; the caller keeps it.</param>
    /// <param name="forward">Calls the model with what a batch holds, and returns [batch, ...].</param>
    /// <param name="task">The loss, what else is measured, and what chooses the best epoch.</param>
    /// <param name="train">The training data.</param>
    /// <param name="validation">The data on which the best epoch is chosen; without any, it is chosen on the training data.</param>
    /// <param name="options">How to train; default: 10 epochs of AdamW at 3e-3 with a cosine schedule.</param>
    /// <param name="folder">Where checkpoints, weights, history and TensorBoard events go; none by default.</param>
    /// <exception cref="ArgumentException">For the reasons of the other constructor.</exception>
    public Trainer(
        nn.Module model,
        Func<Batch, Tensor> forward,
        TrainingTask task,
        BatchSource train,
        BatchSource? validation = null,
        TrainingOptions? options = null,
        RunFolder? folder = null)
        : this(new TrainedModel(model, forward), task, train, validation, options, folder)
    {
    }

    private Trainer(
        TrainedModel model, TrainingTask task, BatchSource train, BatchSource? validation, TrainingOptions? options, RunFolder? folder)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(train);
        (_model, _task, _train, _validation, _folder) = (model, task, train, validation, folder);
        _options = options ?? new TrainingOptions();
        _options.EnsureUsable(train, validation);
        nn.Module module = model.Module;
        Parameter[] parameters = [.. module.parameters()];
        if (!parameters.Any(parameter => parameter.requires_grad))
        {
            throw new ArgumentException($"{module.GetType().Name} has no parameter that requires a gradient.", nameof(model));
        }

        _steps = (long)_options.Epochs * train.StepsPerEpoch;
        _optimizer = _options.Optimizer.Made(parameters, _options.LearningRate, _options.WeightDecay);
        _memory = _options.Optimizer.MemoryOf(_optimizer, [.. module.named_parameters().Select(parameter => parameter.name)]);
        _average = _options.AverageDecay is { } decay ? new WeightAverage(module, decay) : null;
        _latents = _options.WarmStart is { } cache ? new LatentCache(cache) : null;
        _best = new BestWeights(module);
        _draws = new StepDraws(train);
        _step = new TrainingStep(model, task, _options, _optimizer, _latents);
        _tensors = new TrainingTensors(module, _memory, _average, _best.Values, _latents);
    }

    /// <summary>Further data to evaluate on after every epoch, under their own names; nothing is chosen by them. None by default.</summary>
    /// <exception cref="ArgumentException">Two have the same name, a name is used by records already, or one has no samples.</exception>
    public IReadOnlyList<BatchSource> MoreValidation
    {
        get;
        init => field = Validation.Checked(value);
    } = [];

    /// <summary>
    /// Called with everything that happens, on the training thread, after the <see cref="IProgress{T}"/> of <see cref="Run"/>: it may read
    /// or change the model, or call <see cref="Stop"/>. An exception thrown by it ends the run. None by default.
    /// </summary>
    public Action<TrainingEvent>? OnEvent { get; init; }

    /// <summary>The latents of the training samples, with hit statistics; null without <see cref="TrainingOptions.WarmStart"/>.</summary>
    public LatentCache? WarmStart => _latents;

    /// <summary>
    /// Compares the gradient with the exact one during the run, outside the measured time; default: none. It never changes the weights.
    /// </summary>
    public GradientProbe? Probe { get; init; }

    /// <summary>What solves of some validation data use in place of the model's own settings; null: those.</summary>
    internal Func<BatchSource, SolveSettings, SolveSettings>? ValidationSolves { get; init; }

    private long Step => ((long)_position.Epoch * _train.StepsPerEpoch) + _position.StepInEpoch;

    /// <summary>Whether a checkpoint in the middle of an epoch could be gone on with.</summary>
    private bool ResumesAnywhere => _memory is not null && _train.IsRepeatable;

    private OptionNames Identity => field ??= RunIdentity.Of(_model, _task, _train, [_validation, .. MoreValidation], _options);

    /// <summary>Goes back to the folder's last checkpoint.</summary>
    /// <returns>False, with nothing changed, if there is none.</returns>
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

        PositionLimits limits = new(_options.Epochs, _train.StepsPerEpoch, _train.Count, _options.Escalation?.Levels ?? 1);
        _position = Checkpoint.Read(folder.Checkpoint, _tensors, Identity, limits);
        _best.Forget();
        return true;
    }

    /// <summary>Ends the run after the current step, as early stopping does. May be called from another thread or a callback.</summary>
    public void Stop() => _isAskedToStop = true;

    /// <summary>Trains to the end, until it should stop, or until it is cancelled. Afterwards the model holds the best weights.</summary>
    /// <param name="progress">Receives every step, epoch and checkpoint, on the calling thread.</param>
    /// <param name="cancellation">Checked after every step; if cancelled, a checkpoint is written and the call returns.</param>
    /// <exception cref="TrainingDivergedException">
    /// The loss, a gradient or a weight is no longer finite, or no sample of an epoch converged; the last checkpoint is from before.
    /// </exception>
    /// <exception cref="IOException">A file could not be written (the last checkpoint stays), or the folder is in use.</exception>
    /// <exception cref="InvalidOperationException">
    /// The folder holds a run that was not resumed, and that has not been changed; or model, task, loss and data do not fit together.
    /// </exception>
    public TrainingResult Run(IProgress<TrainingEvent>? progress = null, CancellationToken cancellation = default)
    {
        using RunLock? hold = _folder is null ? null : RunLock.TakeUnlessHeld(_folder.Path);
        _folder?.EnsureGoneOnWith(Step);
        _isAskedToStop = false;
        _best.Resume();
        Action<TrainingEvent> tell = happened =>
        {
            progress?.Report(happened);
            OnEvent?.Invoke(happened);
        };
        if (!ResumesAnywhere)
        {
            _position = _position.AtEpochStart();
            if (_folder is not null)
            {
                tell(TrainingEvent.Notice.OfWholeEpochs(_memory is null ? _options.Optimizer : null, _train));
            }
        }

        using RunLog log = new(_folder, Step);
        try
        {
            StopReason reason = TrainEpochs(log, tell, cancellation);
            return TrainingResult.Of(_position, Step, reason, _validation is not null);
        }
        finally
        {
            _best.Restore();
            _step.ClearGradients();
            _model.Module.eval();
        }
    }

    /// <summary>Releases the optimiser and the copies of the weights; never the model.</summary>
    public void Dispose()
    {
        _optimizer.Dispose();
        _average?.Dispose();
        _latents?.Dispose();
        _best.Dispose();
    }

    private StopReason TrainEpochs(RunLog log, Action<TrainingEvent> tell, CancellationToken cancellation)
    {
        GradientWatch watch = new(_model, _task, _options, _position.Escalation);
        while (_position.Epoch < _options.Epochs)
        {
            if (Due(_position.Seconds) is { } due)
            {
                return due;
            }

            double secondsBefore = _position.Seconds - _position.EpochSeconds;
            EpochTotals totals = new(_position);
            try
            {
                if (TrainEpoch(totals, secondsBefore, watch, log, tell, cancellation) is { } reason)
                {
                    return reason;
                }
            }
            finally
            {
                // Who goes on after a callback, a file or the validation failed has lost nothing of the epoch.
                _position = totals.Into(_position, secondsBefore);
            }

            FinishEpoch(totals, secondsBefore, log, tell);
            if (cancellation.IsCancellationRequested && _position.Epoch < _options.Epochs)
            {
                return StopReason.Cancelled;
            }
        }

        return StopReason.Epochs;
    }

    /// <summary>Why the run is to end before its last epoch; null where it is not.</summary>
    private StopReason? Due(double seconds) => _isAskedToStop
        ? StopReason.Asked
        : _options.Stop?.Due(seconds, _position.BestEpoch > 0 ? _position.Epoch - _position.BestEpoch : 0);

    private StopReason? TrainEpoch(
        EpochTotals totals, double secondsBefore, GradientWatch watch, RunLog log, Action<TrainingEvent> tell,
        CancellationToken cancellation)
    {
        _model.BeginToTrain();
        foreach (Batch batch in _train.Epoch(_position.Epoch, _position.StepInEpoch))
        {
            using Batch owned = batch;
            _model.Take(batch);
            _position = _position with { Escalation = watch.Look(Step + 1, batch, _position.Escalation, log, tell) };
            TrainingEvent.StepFinished step = TrainStep(batch, watch, totals);
            tell(step);
            if (step.Step % _options.LogSteps == 0)
            {
                log.Step(step);
            }

            if (Probe is { } probe && probe.IsDue(step.StepInEpoch, step.StepsPerEpoch))
            {
                totals.Measure(() => probe.Cosine(_model, _task, watch.Gradient, _train));
            }

            // After an epoch's last step comes its checkpoint, validation included. One before that would stand at the step
            // of the epoch's record, and a run killed between the two would write that record twice.
            if (step.StepInEpoch == step.StepsPerEpoch)
            {
                break;
            }

            StopReason? reason = Due(secondsBefore + totals.Seconds);
            if (reason is not null && totals.Scores.Count > 0)
            {
                // The weights of an epoch cut short may be the best too.
                using IDisposable? average = _average?.Apply();
                Choose(_position.Epoch + 1, Validate(totals));
            }

            reason ??= cancellation.IsCancellationRequested ? StopReason.Cancelled : null;
            if (reason is not null || step.Step % _options.CheckpointSteps == 0)
            {
                _position = totals.Into(_position, secondsBefore);
                WriteCheckpoint(tell);
            }

            if (reason is not null)
            {
                return reason;
            }
        }

        return _position.StepInEpoch == _train.StepsPerEpoch ? null : throw _train.GaveFewer(_position.StepInEpoch);
    }

    private TrainingEvent.StepFinished TrainStep(Batch batch, GradientWatch watch, EpochTotals totals)
    {
        using DisposeScope scope = NewDisposeScope();
        _draws.SeedDevice(_model.Device, _position.Epoch, _position.StepInEpoch);
        double rate = _options.RateAt(Step, _steps);
        using StepOutcome outcome = _step.Make(
            batch,
            watch.InForce,
            _draws.Draw(RandomPurpose.Solves, _position.Epoch, _position.StepInEpoch),
            rate,
            Step + 1,
            _position.Epoch + 1,
            totals);
        _position = _position with { StepInEpoch = _position.StepInEpoch + 1 };
        _average?.Update(Step);
        _excludesFailures = outcome.Solves.Any(all => all.Solves.Any(solve => solve.Settings.OnFailure is MaskFailures or ThrowOnFailure));
        totals.Add(outcome, TrainedModel.Measure(_task, outcome.Output, batch));
        TrainingMeter.Step(outcome);
        return new TrainingEvent.StepFinished(
            Step, _steps, _position.Epoch + 1, _position.StepInEpoch, _train.StepsPerEpoch, outcome.Loss,
            totals.Scores.Mean(Measurement.Accuracy), rate, outcome.MeanSteps);
    }

    private void FinishEpoch(EpochTotals totals, double secondsBefore, RunLog log, Action<TrainingEvent> tell)
    {
        if (totals.Scores.Count == 0)
        {
            throw TrainingDivergedException.Unsolved("training sample", Step, _position.Epoch + 1);
        }

        _model.EnsureSameParameters();
        using IDisposable? average = _average?.Apply();
        Validation.Outcome validated = Validate(totals);
        EpochRecord record = totals.Record(_position.Epoch + 1, Step, validated, _options.RateAt(Step - 1, _steps));
        bool isBest = Choose(record.Epoch, validated);
        _position = _position.After(record, secondsBefore + totals.Seconds);
        average?.Dispose();
        double? certified = _model.CertifyFactor();
        log.Epoch(record, totals.Solver, _model.DeclaredFactor, certified);
        WriteCheckpoint(tell);
        TrainingMeter.Epoch(totals.Seconds, validated.Score);
        tell(new TrainingEvent.EpochFinished(record, totals.Solver, certified, isBest));
        if (record.Epoch == 1 && double.IsNaN(validated.Score))
        {
            tell(TrainingEvent.Notice.OfNaN(_task.Score));
        }
    }

    private Validation.Outcome Validate(EpochTotals totals) => new Validation(_model, _task, _validation, MoreValidation, ValidationSolves)
        .Run(totals, _excludesFailures, Step, _position.Epoch + 1);

    /// <summary>Keeps the model's weights where they are the best so far.</summary>
    private bool Choose(int epoch, Validation.Outcome validated)
    {
        if (!_position.IsBeatenBy(_task.Score, validated.Score, validated.Loss))
        {
            return false;
        }

        EnsureFinite(_model.Module.state_dict(), "The weights are not finite");
        _best.Keep(_folder?.Model);
        _position = _position.WithBest(epoch, validated.Score, validated.Loss, validated.Accuracy);
        return true;
    }

    private void WriteCheckpoint(Action<TrainingEvent> tell)
    {
        if (_folder is null || (!ResumesAnywhere && _position.StepInEpoch > 0))
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Dictionary<string, Tensor> tensors = _tensors.Collect();
        EnsureFinite(tensors, "The state of the training is not finite");
        Checkpoint.Write(_folder.Checkpoint, tensors, _position with { Identity = Identity.Values });
        tell(new TrainingEvent.CheckpointWritten(_folder.Checkpoint, Step));
    }

    /// <summary>What is kept must be usable later: buffers, moments and averages as well as weights.</summary>
    private void EnsureFinite(IEnumerable<KeyValuePair<string, Tensor>> tensors, string what) =>
        Finiteness.Ensure(_tensors.Bounded(tensors), what, Step, _position.Epoch + 1, _options.RateAt(Math.Max(0, Step - 1), _steps));
}
