using ImplicitNet.Files;
using ImplicitNet.Networks;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Distribution;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Optimizers;
using ImplicitNet.Training.Tasks;
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
    private readonly TrainingStep _step;
    private readonly TrainingTensors _tensors;
    private readonly KeptRun _kept;
    private TrainingPosition _position = new() { Version = TrainingPosition.CurrentVersion };
    private volatile bool _isAskedToStop;
    private bool _isBroken;

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

        _optimizer = _options.Optimizer.Made(parameters, _options.LearningRate, _options.WeightDecay);
        _memory = _options.Optimizer.MemoryOf(_optimizer, [.. module.named_parameters().Select(parameter => parameter.name)]);
        _average = _options.AverageDecay is { } decay ? new WeightAverage(module, decay) : null;
        _latents = _options.WarmStart is { } cache ? new LatentCache(cache) : null;
        _best = new BestWeights(module);
        _step = new TrainingStep(model, task, _options, _optimizer, _latents);
        _tensors = new TrainingTensors(module, _memory, _average, _best.Values, _latents);
        _kept = new KeptRun(folder, module, _tensors, _best);
    }

    /// <summary>Further data to evaluate on after every epoch, under their own names; nothing is chosen by them. None by default.</summary>
    /// <exception cref="ArgumentException">Two have the same name, a name is used by records already, or one has no samples.</exception>
    public IReadOnlyList<BatchSource> MoreValidation
    {
        get;
        init => field = Validation.Checked(value);
    } = [];

    /// <summary>
    /// The processes that train together, each with a trainer of the same model, data and options; default: this one alone. Every batch is
    /// cut into shares of its samples, gradients are summed, and all ranks end with the same weights.
    /// </summary>
    /// <remarks>
    /// All ranks call <see cref="Resume"/> and <see cref="Run"/> alike. They begin with the first one's weights; it alone reads and writes
    /// the folder, and the others need none. Whoever is cancelled, asked to stop or fails ends all of them: after the step at which all
    /// have heard of it, or with a <see cref="CollectiveException"/> that names the rank. Callbacks are called on every rank and must
    /// change the model alike; certificates are of the whole batch, the same on each. A run goes on with any number of ranks. The caller
    /// keeps it.
    /// </remarks>
    public Collective Collective
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Collective));
    } = new SingleProcess();

    /// <summary>
    /// Called with everything that happens, on the training thread, after the <see cref="IProgress{T}"/> of <see cref="Run"/>: it may read
    /// or change the model, or call <see cref="Stop"/>. An exception thrown by it ends the run. None by default.
    /// </summary>
    public Action<TrainingEvent>? OnEvent { get; init; }

    /// <summary>
    /// The latents of the training samples, with hit statistics; of several ranks each has those of its own samples. Null without
    /// <see cref="TrainingOptions.WarmStart"/>.
    /// </summary>
    public LatentCache? WarmStart => _latents;

    /// <summary>
    /// Compares the gradient with the exact one during the run, outside the measured time; default: none. It never changes the weights.
    /// </summary>
    public GradientProbe? Probe { get; init; }

    /// <summary>What solves of some validation data use in place of the model's own settings; null: those.</summary>
    internal Func<BatchSource, SolveSettings, SolveSettings>? ValidationSolves { get; init; }

    private long Step => _position.StepsMade(_train.StepsPerEpoch);

    private TrainingParts Parts => new()
    {
        Model = _model,
        Task = _task,
        Train = _train,
        Validation = _validation,
        MoreValidation = MoreValidation,
        ValidationSolves = ValidationSolves,
        Options = _options,
        Probe = Probe,
        Average = _average,
        Making = _step,
        Kept = _kept,
        Identity = () => Identity,
        ResumesAnywhere = ResumesAnywhere,
    };

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
        if (_folder is null && Collective.IsFirst)
        {
            throw new InvalidOperationException("A trainer without a folder has no checkpoint to resume from.");
        }

        return Together(agreement =>
        {
            PositionLimits limits = new(_options.Epochs, _train.StepsPerEpoch, _train.Count, _options.Escalation?.Levels ?? 1);
            TrainingPosition? read = _kept.Read(Identity, limits, agreement);
            if (agreement is not null && _latents is not null)
            {
                new SharedLatents(_latents, agreement).KeepOwn();
            }

            (_position, _isBroken) = (read ?? _position, _isBroken && read is null);
            return read is not null;
        });
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
    /// <exception cref="CollectiveException">Another rank failed, did not come, or has other weights.</exception>
    /// <exception cref="NotSupportedException">Several ranks cannot train this model with these data.</exception>
    public TrainingResult Run(IProgress<TrainingEvent>? progress = null, CancellationToken cancellation = default) =>
        Together(agreement => Train(agreement, progress, cancellation));

    /// <summary>Releases the optimiser and the copies of the weights; never the model.</summary>
    public void Dispose()
    {
        _optimizer.Dispose();
        _average?.Dispose();
        _latents?.Dispose();
        _best.Dispose();
    }

    /// <summary>Does what every rank does; where one of several fails, all do.</summary>
    private T Together<T>(Func<Agreement?, T> make)
    {
        if (Collective.Size == 1)
        {
            return make(null);
        }

        Agreement agreement = new(Collective);
        return agreement.Guarded(() => make(agreement));
    }

    private TrainingResult Train(Agreement? agreement, IProgress<TrainingEvent>? progress, CancellationToken cancellation)
    {
        RunFolder? folder = Collective.IsFirst ? _folder : null;
        using RunLock? hold = folder is null ? null : RunLock.TakeUnlessHeld(folder.Path);
        folder?.EnsureGoneOnWith(Step);
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
            if (folder is not null)
            {
                tell(TrainingEvent.Notice.OfWholeEpochs(_memory is null ? _options.Optimizer : null, _train));
            }
        }

        if (_position.Ranks > 0 && _position.Ranks != Collective.Size)
        {
            tell(TrainingEvent.Notice.OfRanks(_position.Ranks, Collective.Size));
        }

        _position = _position with { Ranks = Collective.Size };
        using RunLog log = new(folder, Step);
        try
        {
            using RankedRun? ranks = agreement is null ? null : Begin(agreement);
            return Train(new TrainingLoop(Parts, _position, ranks, log, tell, () => _isAskedToStop, cancellation));
        }
        finally
        {
            _best.Restore();
            _step.ClearGradients();
            _model.Module.eval();
        }
    }

    private TrainingResult Train(TrainingLoop loop)
    {
        try
        {
            StopReason reason = loop.Run();
            _isBroken = false;
            return TrainingResult.Of(loop.Position, loop.Step, reason, _validation is not null);
        }
        finally
        {
            _position = loop.Position;
        }
    }

    private RankedRun Begin(Agreement agreement)
    {
        if (_isBroken)
        {
            throw new InvalidOperationException("A rank of this run has failed. Go on from its last checkpoint.");
        }

        _isBroken = true; // until the run has ended well
        string known = FormattableString.Invariant($"step {Step} of {_options.Epochs} epochs, {_train.Count} samples of {_train.Name}, ")
            + FormattableString.Invariant($"seed {_train.Seed}, certificates every {_options.CertificateSteps ?? 0} steps, ")
            + $"{(_latents is null ? "no" : "a")} warm start, {(_options.LocalBatchStatistics ? "own" : "common")} batch statistics";
        return new RankedRun(agreement, _model, _tensors, _latents, [_train, _validation, .. MoreValidation], known,
            isKept: Collective.IsFirst && _folder is not null)
        {
            HasLocalStatistics = _options.LocalBatchStatistics,
        };
    }
}
