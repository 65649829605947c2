using ImplicitNet.Training.Distribution;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Batches of samples that have numbers, 0 to <see cref="Count"/> - 1: shuffling, cutting and resuming are done here. A source of your own
/// only says how some samples become a batch.
/// </summary>
/// <remarks>
/// It keeps no state between batches: a batch is a function of the data, the options, the epoch and the step, so that a run may resume at
/// any step of any epoch. Safe to read from several threads at once.
/// </remarks>
public abstract class IndexedBatches : BatchSource
{
    /// <summary>Creates the source, which cuts samples into batches.</summary>
    /// <param name="name">A name for messages, such as "MNIST train".</param>
    /// <param name="count">Number of samples; at least 0.</param>
    /// <param name="batchSize">Samples in a batch; at least 1. The last batch of an epoch holds what is left.</param>
    /// <param name="seed">Seed of the order of the epochs; any value.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number lies outside its range.</exception>
    protected IndexedBatches(string name, int count, int batchSize, long seed)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        Name = name;
        Count = count;
        BatchSize = batchSize;
        Seed = seed;
    }

    /// <inheritdoc/>
    public sealed override string Name { get; }

    /// <inheritdoc/>
    public sealed override int Count { get; }

    /// <summary>Samples in a batch.</summary>
    public int BatchSize { get; }

    /// <inheritdoc/>
    public sealed override long Seed { get; }

    /// <inheritdoc/>
    public sealed override int StepsPerEpoch => (int)(((long)Count + BatchSize - 1) / BatchSize);

    /// <summary>True: a sample is read by its number.</summary>
    public sealed override bool IsRepeatable => true;

    /// <summary>Whether every epoch has an order of its own; default true. If not, samples come in the order of the source.</summary>
    public bool IsShuffled { get; init; } = true;

    /// <summary>The order of one epoch: a permutation of all indices, a function of seed, epoch and number of samples.</summary>
    /// <param name="epoch">Number of the epoch; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such epoch.</exception>
    public int[] Order(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        int[] order = [.. Enumerable.Range(0, Count)];
        if (IsShuffled)
        {
            new RandomNumbers(RandomNumbers.Key(Seed, RandomPurpose.EpochOrder, epoch), 0).Shuffle(order);
        }

        return order;
    }

    /// <inheritdoc/>
    public sealed override IEnumerable<Batch> Epoch(int epoch, int firstStep = 0) => EpochOf(Share.Whole, epoch, firstStep);

    /// <inheritdoc/>
    public sealed override IEnumerable<Batch> InOrder() => InOrderOf(Share.Whole);

    /// <inheritdoc/>
    public sealed override Batch First(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return Count == 0
            ? throw new InvalidOperationException($"{Name} has no samples.")
            : Read([.. Enumerable.Range(0, Math.Min(count, Count))]);
    }

    /// <summary>One batch of the chosen samples, as they are; the caller owns it.</summary>
    /// <param name="indices">At least one index; one may come more than once.</param>
    /// <exception cref="ArgumentException">No index is given.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no sample of one of the indices.</exception>
    public Batch Read(ReadOnlySpan<int> indices) => Read(indices, null);

    /// <summary>One rank's part of every batch of an epoch: see <see cref="SharedBatches"/>.</summary>
    internal IEnumerable<Batch> EpochOf(Share share, int epoch, int firstStep)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstStep);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstStep, StepsPerEpoch);
        return Cut(share, Order(epoch), firstStep, epoch);
    }

    /// <summary>One rank's part of every batch in order.</summary>
    internal IEnumerable<Batch> InOrderOf(Share share) => Cut(share, [.. Enumerable.Range(0, Count)], 0, null);

    /// <summary>Makes one batch, one row for each index in their order; the caller owns it. Called from any thread.</summary>
    /// <param name="indices">At least one; all from 0 to <see cref="Count"/> - 1; one may come more than once.</param>
    /// <param name="epoch">The training epoch, for whatever changes from epoch to epoch; null: the samples as they are.</param>
    protected abstract Batch Make(ReadOnlySpan<int> indices, int? epoch);

    private IEnumerable<Batch> Cut(Share share, int[] order, int firstStep, int? epoch)
    {
        for (long start = (long)firstStep * BatchSize; start < order.Length; start += BatchSize)
        {
            int[] whole = order[(int)start..(int)Math.Min(start + BatchSize, order.Length)];
            int[] own = [.. share.Places(whole.Length, place => whole[place]).Select(place => whole[place])];
            Batch batch = Read(own.Length > 0 ? own : whole[..1], epoch);
            batch.IsStandIn = own.Length == 0;
            yield return batch;
        }
    }

    private Batch Read(ReadOnlySpan<int> indices, int? epoch)
    {
        if (indices.IsEmpty)
        {
            throw new ArgumentException("A batch needs one sample at least.", nameof(indices));
        }

        foreach (int index in indices)
        {
            if ((uint)index >= (uint)Count)
            {
                throw new ArgumentOutOfRangeException(nameof(indices), index, $"{Name} has {Count} samples, numbered from 0.");
            }
        }

        Batch batch = Make(indices, epoch);
        if (batch.Count != indices.Length)
        {
            using (batch)
            {
                throw new InvalidOperationException(
                    $"{GetType().Name} made a batch of {batch.Count} samples when asked for {indices.Length}.");
            }
        }

        batch.Number(indices);
        return batch;
    }
}
