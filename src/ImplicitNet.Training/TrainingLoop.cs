using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Distribution;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>The loop of a run: epochs of steps, each epoch validated and kept.</summary>
/// <param name="parts">What the run is made of.</param>
/// <param name="position">Where it stands.</param>
/// <param name="ranks">The ranks that train together; null for a process of its own.</param>
/// <param name="log">Written to.</param>
/// <param name="tell">Told of everything that happens.</param>
/// <param name="isAskedToStop">Whether somebody wants the run to end.</param>
/// <param name="cancellation">Looked at after every step.</param>
internal sealed class TrainingLoop(
    TrainingParts parts, TrainingPosition position, RankedRun? ranks, RunLog log, Action<TrainingEvent> tell,
    Func<bool> isAskedToStop, CancellationToken cancellation)
{
    private readonly GradientWatch _watch = new(parts.Model, parts.Task, parts.Options, position.Escalation, ranks);
    private readonly StepDraws _draws = new(parts.Train);
    private readonly long _steps = (long)parts.Options.Epochs * parts.Train.StepsPerEpoch;

    /// <summary>Where the run stands.</summary>
    public TrainingPosition Position { get; private set; } = position;

    /// <summary>Steps made.</summary>
    public long Step => Position.StepsMade(parts.Train.StepsPerEpoch);

    /// <summary>Whether this is the rank that writes.</summary>
    private bool IsFirst => ranks is not { Part.Rank: > 0 };

    /// <summary>The last step, its epoch and its rate.</summary>
    private (long Step, int Epoch, double Rate) Made =>
        (Step, Position.Epoch + 1, parts.Options.RateAt(Math.Max(0, Step - 1), _steps));

    /// <summary>Trains until the run ends.</summary>
    public StopReason Run()
    {
        parts.Making.Ranks = ranks;
        while (Position.Epoch < parts.Options.Epochs)
        {
            if (Agreed(Due(Position.Seconds)) is { } due)
            {
                return due;
            }

            double secondsBefore = Position.Seconds - Position.EpochSeconds;
            EpochTotals totals = new(ranks?.PartOf(Position) ?? Position);
            try
            {
                if (TrainEpoch(totals, secondsBefore) is { } early)
                {
                    return early;
                }
            }
            finally
            {
                // Who goes on after a callback, a file or the validation failed has lost nothing of the epoch.
                Position = ranks is null ? totals.Into(Position, secondsBefore) : Position;
            }

            FinishEpoch(ranks?.Together(totals, Step) ?? totals, secondsBefore);
            bool isCancelled = cancellation.IsCancellationRequested && Position.Epoch < parts.Options.Epochs;
            if (Agreed(isCancelled ? StopReason.Cancelled : null) is { } reason)
            {
                return reason;
            }
        }

        return StopReason.Epochs;
    }

    /// <summary>Why the run is to end before its last epoch; null where it is not. The first of several ranks has the clock.</summary>
    private StopReason? Due(double seconds) => isAskedToStop()
        ? StopReason.Asked
        : parts.Options.Stop?.Due(IsFirst ? seconds : 0, Position.BestEpoch > 0 ? Position.Epoch - Position.BestEpoch : 0);

    /// <summary>Why it is to end, as this rank or another one says.</summary>
    private StopReason? Agreed(StopReason? own) => ranks is null ? own : ranks.Agreed(own);

    private StopReason? TrainEpoch(EpochTotals totals, double secondsBefore)
    {
        StopReason? Wish() =>
            Due(secondsBefore + totals.Seconds) ?? (cancellation.IsCancellationRequested ? StopReason.Cancelled : null);

        ranks?.Wish = Wish;
        parts.Model.BeginToTrain();
        SharedBatches shares = new(parts.Train, ranks?.Part ?? Share.Whole);
        foreach (Batch batch in shares.Epoch(Position.Epoch, Position.StepInEpoch))
        {
            using Batch owned = batch;
            parts.Model.Take(batch);
            ulong draw = _draws.Draw(RandomPurpose.Solves, Position.Epoch, Position.StepInEpoch);
            Position = Position with { Escalation = _watch.Look(Step + 1, batch, draw, Position.Escalation, log, tell) };
            TrainingEvent.StepFinished step = TrainStep(batch, draw, totals);
            tell(step);
            if (step.Step % parts.Options.LogSteps == 0)
            {
                log.Step(step);
            }

            if (parts.Probe is { } probe && IsFirst && probe.IsDue(step.StepInEpoch, step.StepsPerEpoch))
            {
                totals.Measure(() => probe.Cosine(parts.Model, parts.Task, _watch.Gradient, parts.Train));
            }

            // After an epoch's last step comes its checkpoint, validation included. One before that would stand at the step
            // of the epoch's record, and a run killed between the two would write that record twice.
            if (step.StepInEpoch == step.StepsPerEpoch)
            {
                break;
            }

            StopReason? reason = ranks is null ? Wish() : ranks.Step.Reason;
            if (reason is not null || step.Step % parts.Options.CheckpointSteps == 0)
            {
                EpochTotals all = ranks?.Together(totals, Step) ?? totals;
                if (reason is not (null or StopReason.Cancelled) && all.Scores.Count > 0)
                {
                    // The weights of an epoch cut short may be the best too.
                    using IDisposable? average = parts.Average?.Apply();
                    Choose(Position.Epoch + 1, Validate(all));
                }

                Position = all.Into(Position, secondsBefore);
                WriteCheckpoint();
            }

            if (reason is not null)
            {
                return reason;
            }
        }

        return Position.StepInEpoch == parts.Train.StepsPerEpoch ? null : throw parts.Train.GaveFewer(Position.StepInEpoch);
    }

    private TrainingEvent.StepFinished TrainStep(Batch batch, ulong draw, EpochTotals totals)
    {
        using DisposeScope scope = NewDisposeScope();
        _draws.SeedDevice(parts.Model.Device, Position.Epoch, Position.StepInEpoch);
        if (ranks is not null)
        {
            _draws.SeedRank(ranks.Part.Rank, Position.Epoch, Position.StepInEpoch);
        }

        double rate = parts.Options.RateAt(Step, _steps);
        using StepOutcome outcome = parts.Making.Make(
            batch,
            _watch.InForce,
            draw,
            rate,
            Step + 1,
            Position.Epoch + 1,
            totals);
        Position = Position with { StepInEpoch = Position.StepInEpoch + 1 };
        parts.Average?.Update(Step);
        totals.Add(outcome, outcome.Measured ?? TrainedModel.Measure(parts.Task, outcome.Output, batch));
        TrainingMeter.Step(outcome);
        (double loss, double accuracy, double steps) = ranks is { Step: var all }
            ? (all.Loss, all.Accuracy, all.SolverSteps)
            : (outcome.Loss, totals.Scores.Mean(Measurement.Accuracy), outcome.MeanSteps);
        return new TrainingEvent.StepFinished(
            Step, _steps, Position.Epoch + 1, Position.StepInEpoch, parts.Train.StepsPerEpoch, loss, accuracy, rate, steps);
    }

    private void FinishEpoch(EpochTotals totals, double secondsBefore)
    {
        if (totals.Scores.Count == 0)
        {
            throw TrainingDivergedException.Unsolved("training sample", Step, Position.Epoch + 1);
        }

        parts.Model.EnsureSameParameters();
        using IDisposable? average = parts.Average?.Apply();
        Validation.Outcome validated = Validate(totals);
        EpochRecord record = totals.Record(Position.Epoch + 1, Step, validated, parts.Options.RateAt(Step - 1, _steps));
        bool isBest = Choose(record.Epoch, validated);
        Position = Position.After(record, secondsBefore + totals.Seconds);
        average?.Dispose();
        double? certified = parts.Model.CertifyFactor();
        log.Epoch(record, totals.Solver, parts.Model.DeclaredFactor, certified);
        WriteCheckpoint();
        TrainingMeter.Epoch(totals.Seconds, validated.Score);
        tell(new TrainingEvent.EpochFinished(record, totals.Solver, certified, isBest));
        if (record.Epoch == 1 && double.IsNaN(validated.Score))
        {
            tell(TrainingEvent.Notice.OfNaN(parts.Task.Score));
        }
    }

    private Validation.Outcome Validate(EpochTotals totals) =>
        new Validation(parts.Model, parts.Task, parts.Validation, parts.MoreValidation, parts.ValidationSolves, ranks?.Agreement)
            .Run(totals, parts.Making.ExcludesFailures, Step, Position.Epoch + 1);

    /// <summary>Keeps the model's weights where they are the best so far.</summary>
    private bool Choose(int epoch, Validation.Outcome validated)
    {
        if (!Position.IsBeatenBy(parts.Task.Score, validated.Score, validated.Loss))
        {
            return false;
        }

        parts.Kept.Keep(Made, IsFirst);
        Position = Position.WithBest(epoch, validated.Score, validated.Loss, validated.Accuracy);
        return true;
    }

    private void WriteCheckpoint()
    {
        if (!parts.ResumesAnywhere && Position.StepInEpoch > 0)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor>? latents = ranks?.GatherLatents();
        if (IsFirst && parts.Kept.Write(Position with { Identity = parts.Identity().Values }, Made, latents) is { } path)
        {
            tell(new TrainingEvent.CheckpointWritten(path, Step));
        }
    }
}
