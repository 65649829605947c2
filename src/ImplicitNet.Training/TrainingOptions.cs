using ImplicitNet.Certification;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Optimizers;

namespace ImplicitNet.Training;

/// <summary>How a network is trained.</summary>
public sealed record TrainingOptions
{
    /// <summary>Passes over the training data; at least 1; default 10.</summary>
    public int Epochs
    {
        get;
        init => field = value >= 1 ? value : throw Refused(nameof(Epochs), value, "at least 1");
    } = 10;

    /// <summary>The method that moves the weights; default <see cref="AdamWOptimizer"/>.</summary>
    public TrainingOptimizer Optimizer
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Optimizer));
    } = new AdamWOptimizer();

    /// <summary>Base learning rate; above 0 and finite; default 3e-3.</summary>
    public double LearningRate
    {
        get;
        init => field = value is > 0 and < double.PositiveInfinity
            ? value
            : throw Refused(nameof(LearningRate), value, "a finite number above 0");
    } = 3e-3;

    /// <summary>How the rate changes after the warm-up; default <see cref="CosineSchedule"/>.</summary>
    public LearningRateSchedule Schedule
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Schedule));
    } = new CosineSchedule();

    /// <summary>Steps over which the rate rises linearly to its base; at least 0; default 0.</summary>
    public int WarmupSteps
    {
        get;
        init => field = value >= 0 ? value : throw Refused(nameof(WarmupSteps), value, "at least 0");
    }

    /// <summary>
    /// Weight decay, per step in units of the learning rate; decoupled or part of the gradient, depending on the <see cref="Optimizer"/>;
    /// at least 0 and finite; default 0.
    /// </summary>
    public double WeightDecay
    {
        get;
        init => field = value is >= 0 and < double.PositiveInfinity
            ? value
            : throw Refused(nameof(WeightDecay), value, "a finite number of at least 0");
    }

    /// <summary>
    /// The largest L2 norm of the gradient of all parameters together; a larger gradient is scaled down to it; above 0; default: no limit.
    /// </summary>
    public double? ClipNorm
    {
        get;
        init => field = value is null or (> 0 and < double.PositiveInfinity)
            ? value
            : throw Refused(nameof(ClipNorm), value, "a finite number above 0");
    }

    /// <summary>
    /// Decay of an exponential moving average of the weights, in (0, 1), per step; default none. With one, validation and
    /// the final network use the average.
    /// </summary>
    public double? AverageDecay
    {
        get;
        init => field = value is null or (> 0 and < 1) ? value : throw Refused(nameof(AverageDecay), value, "in (0, 1)");
    }

    /// <summary>
    /// Whether each of several ranks normalises its share of a batch by itself, in place of the whole batch as one; default false. It
    /// spares the sums of every normalisation over the ranks, and is another training, which depends on their number.
    /// </summary>
    public bool LocalBatchStatistics { get; init; }

    /// <summary>
    /// Keeps the latents of the training samples, so that later epochs start their solves there; default none. The latents are
    /// part of every checkpoint. Of several ranks each keeps those of its own samples, and all together as many bytes as one process does.
    /// </summary>
    public LatentCacheOptions? WarmStart { get; init; }

    /// <summary>When the run ends before its last epoch; by default it does not.</summary>
    public EarlyStopping? Stop { get; init; }

    /// <summary>How far the solves of training steps go; default <see cref="SolveSchedule.UntilConverged"/>.</summary>
    public SolveSchedule Solves
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Solves));
    } = SolveSchedule.UntilConverged;

    /// <summary>Optimiser steps between two checkpoints; one is also written after every epoch; at least 1; default 500.</summary>
    public int CheckpointSteps
    {
        get;
        init => field = value >= 1 ? value : throw Refused(nameof(CheckpointSteps), value, "at least 1");
    } = 500;

    /// <summary>Optimiser steps between two lines of the history and TensorBoard; at least 1; default 50.</summary>
    public int LogSteps
    {
        get;
        init => field = value >= 1 ? value : throw Refused(nameof(LogSteps), value, "at least 1");
    } = 50;

    /// <summary>A term of the loss that keeps the operator contracting; default none.</summary>
    public JacobianPenalty? JacobianPenalty { get; init; }

    /// <summary>
    /// Optimiser steps between two certificates of the gradient, each on the batch of the step it falls on; at least 1; default
    /// none. They go to the history and to TensorBoard. Each costs about as much as a few steps.
    /// </summary>
    public int? CertificateSteps
    {
        get;
        init => field = value is null or >= 1 ? value : throw Refused(nameof(CertificateSteps), value, "at least 1");
    }

    /// <summary>How certificates are made; by default for the parameter gradients of whole batches only.</summary>
    public GradientCertifier Certifier
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Certifier));
    } = new GradientCertifier();

    /// <summary>
    /// How certificates choose the gradient, in place of the network's own; by default they do not. Needs <see cref="CertificateSteps"/>;
    /// the position in its list is part of every checkpoint.
    /// </summary>
    public EscalationPolicy? Escalation { get; init; }

    /// <summary>The learning rate at one optimiser step.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="steps">All steps of the run.</param>
    public double RateAt(long step, long steps) => step < WarmupSteps
        ? LearningRate * (step + 1) / WarmupSteps
        : LearningRate * Schedule.Factor(step - WarmupSteps, Math.Max(1, steps - WarmupSteps));

    /// <exception cref="ArgumentException">Options do not go together, or not with the data.</exception>
    internal void EnsureUsable(BatchSource train, BatchSource? validation)
    {
        Escalation?.EnsureUsable(CertificateSteps);
        if (WarmStart is not null && !train.IsRepeatable)
        {
            throw new ArgumentException($"A warm start goes by the numbers of samples; those of {train.Name} have none.", nameof(train));
        }

        if (WarmStart is not null && train is GeneratedBatches { IsFreshEveryEpoch: true })
        {
            throw new ArgumentException(
                $"A warm start goes by the numbers of samples; those of {train.Name} are others in every epoch.", nameof(train));
        }

        Validation.EnsureSamples(train, nameof(train));
        Validation.EnsureSamples(validation, nameof(validation));
    }

    private static ArgumentOutOfRangeException Refused(string name, object? value, string range) =>
        new(name, value, $"{name} must be {range}.");
}
