using System.Runtime.ExceptionServices;
using System.Text;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Distribution;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;
using BatchPart = ImplicitNet.Certification.BatchPart;

namespace ImplicitNet.Training;

/// <summary>What the ranks of a run do together: where they begin, around every backward pass, and where something is kept.</summary>
internal sealed class RankedRun : IDisposable
{
    private readonly Agreement _agreement;
    private readonly Collective _ranks;
    private readonly Replicas _replicas;
    private readonly SharedLatents? _latents;
    private readonly bool _isKept;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Begins a run with the first rank's weights on all of them.</summary>
    /// <param name="agreement">Of the ranks, two at least.</param>
    /// <param name="model">This rank's.</param>
    /// <param name="tensors">Of the run; those of the first rank are all ranks'.</param>
    /// <param name="latents">Where solves of this rank's samples start; null for their own starts.</param>
    /// <param name="sources">The data of the run.</param>
    /// <param name="known">What all ranks must have in common, as a text.</param>
    /// <param name="isKept">Whether this is the rank that writes, and it has a folder.</param>
    /// <exception cref="NotSupportedException">The data cannot be shared, or the model is not on the processor.</exception>
    /// <exception cref="CollectiveException">Another rank has another run.</exception>
    public RankedRun(
        Agreement agreement, TrainedModel model, TrainingTensors tensors, LatentCache? latents, IEnumerable<BatchSource?> sources,
        string known, bool isKept)
    {
        (_agreement, _ranks) = (agreement, agreement.Ranks);
        _replicas = new Replicas(_ranks, model.Module);
        if (latents is not null)
        {
            latents.Parts = _ranks.Size;
            _latents = new SharedLatents(latents, agreement);
        }

        FlatGradient.EnsureFits(model.Module.parameters());
        foreach (BatchSource source in sources.OfType<BatchSource>())
        {
            SharedBatches.EnsureCanBeShared(source);
        }

        _isKept = _agreement.Of(isKept ? 1 : 0)[0] > 0;
        string[] runs = Array.ConvertAll(_ranks.Gather(Encoding.UTF8.GetBytes(known)), Encoding.UTF8.GetString);
        if (Array.FindIndex(runs, run => run != runs[0]) is > 0 and var other)
        {
            throw new CollectiveException(
                $"Ranks train one model with the same data, options and seed, from the same step. Rank 0: {runs[0]}; rank {other}: "
                + $"{runs[other]}.");
        }

        _replicas.Broadcast(tensors.Moving());
        Gradient = new FlatGradient(model.Module.parameters(), agreement);
    }

    /// <summary>The gradients, summed over the ranks.</summary>
    public FlatGradient Gradient { get; }

    /// <summary>Where the ranks meet.</summary>
    public Agreement Agreement => _agreement;

    /// <summary>This rank's part of every batch.</summary>
    public Share Part => new(_ranks.Rank, _ranks.Size) { IsByOwner = _latents is not null };

    /// <summary>Why this rank would end the run now; null where it would not. Asked once a step.</summary>
    public Func<StopReason?> Wish { private get; set; } = () => null;

    /// <summary>What the ranks know of the step that they last met in.</summary>
    public AgreedStep Step { get; private set; }

    /// <summary>What a rank begins an epoch's sums with: the first with those there are, the others with zeros.</summary>
    public TrainingPosition PartOf(TrainingPosition position) => _ranks.IsFirst ? position : position.WithoutTotals();

    /// <summary>Whether ranks meet within a forward or backward pass too.</summary>
    public bool MeetsWithin { get; private set; }

    /// <summary>Whether normalisations look at this rank's share alone.</summary>
    public bool HasLocalStatistics { private get; init; }

    /// <summary>Opens the statistics that the model's normalisations have in common over the ranks; null where they have none.</summary>
    public SharedStatistics? Share(Batch batch) => HasLocalStatistics ? null : new(SumWithin, !batch.IsStandIn);

    /// <summary>Throws what ended a backward pass in which ranks met: nothing may pass through native code.</summary>
    /// <exception cref="CollectiveException">Another rank failed, or did not come.</exception>
    public void ThrowIfFailed() => _failure?.Throw();

    /// <summary>Sums the gradients over all ranks.</summary>
    /// <param name="failure">What this rank's backward pass ended with; null where it did not fail.</param>
    /// <exception cref="CollectiveException">That of another rank failed.</exception>
    public void SumGradients(Exception? failure)
    {
        if (MeetsWithin)
        {
            _agreement.Of(); // a rank that failed on its way back may be at any of its meetings
        }

        Gradient.Sum(failure);
    }

    /// <summary>Meets the other ranks between forward and backward.</summary>
    /// <param name="outcome">What this rank computed, measured.</param>
    /// <param name="totals">Of this rank, without this step.</param>
    public void Meet(StepOutcome outcome, EpochTotals totals)
    {
        int own = outcome.Counted, samples = outcome.IsStandIn ? 0 : outcome.Included.Count;
        double[]? right = outcome.Measured!.FirstOrDefault(measured => measured.Name == Measurement.Accuracy).Values;
        double sums = right is null ? double.NaN : totals.Scores.Sums.GetValueOrDefault(Measurement.Accuracy)
            + right.Where((_, sample) => outcome.Included[sample]).Sum();
        double[] all = _agreement.Of(
        [
            own, own > 0 ? own * outcome.Loss : 0, sums, totals.Scores.Count + own, samples, samples * outcome.MeanSteps,
            .. Flags(Wish()),
        ]);
        Step = new()
        {
            Counted = (int)all[0],
            Weight = own == 0 ? 0 : own / all[0],
            Loss = all[1] / all[0],
            Accuracy = all[2] / all[3],
            SolverSteps = all[4] == 0 ? 0 : all[5] / all[4],
            Reason = Reason(all[6..]),
        };
    }

    /// <summary>The totals of all ranks, of one model: its weights are compared, and its buffers are the first rank's.</summary>
    /// <param name="own">This rank's.</param>
    /// <param name="step">Steps made.</param>
    /// <exception cref="CollectiveException">The weights of a rank are others.</exception>
    public EpochTotals Together(EpochTotals own, long step)
    {
        _agreement.Of();
        _replicas.EnsureEqual(step);
        _replicas.BroadcastBuffers();
        return own.Summed(_ranks);
    }

    /// <summary>The latents of a warm start of all ranks, for a checkpoint, in the caller's dispose scope.</summary>
    /// <returns>On the first rank, where there are any and there is a checkpoint to be; else null.</returns>
    public Dictionary<string, Tensor>? GatherLatents() => _isKept ? _latents?.Gather() : null;

    /// <summary>Why the run is to end, as one of the ranks wishes.</summary>
    public StopReason? Agreed(StopReason? own) => Reason(_agreement.Of(Flags(own)));

    /// <summary>This rank's part of a batch whose gradient all ranks certify.</summary>
    public BatchPart PartOf(Batch batch) => new(!batch.IsStandIn, SumParts, GatherParts);

    /// <inheritdoc/>
    public void Dispose() => Gradient.Dispose();

    private void SumWithin(Span<double> numbers)
    {
        MeetsWithin = true;
        _failure?.Throw();
        try
        {
            _agreement.Of();
            _ranks.Sum(numbers);
        }
        catch (CollectiveException exception)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
            throw;
        }
    }

    private void SumParts(IReadOnlyList<Tensor> parts)
    {
        _failure?.Throw();
        _agreement.Of();
        foreach (Tensor part in parts)
        {
            _ranks.Sum(part);
        }
    }

    private byte[][] GatherParts(byte[] own)
    {
        _failure?.Throw();
        _agreement.Of();
        return _ranks.Gather(own);
    }

    private static double[] Flags(StopReason? own) =>
        [.. Enum.GetValues<StopReason>().Select(reason => reason == own ? 1.0 : 0)];

    /// <summary>The first that is flagged, in the order in which one process looks for them.</summary>
    private static StopReason? Reason(double[] flags)
    {
        StopReason[] order = [StopReason.Asked, StopReason.Time, StopReason.Patience, StopReason.Cancelled];
        int place = Array.FindIndex(order, reason => flags[(int)reason] > 0);
        return place < 0 ? null : order[place];
    }
}
