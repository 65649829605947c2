using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Batches that come from elsewhere: TorchSharp's data loader (<c>BatchSource.FromLoader</c>) or anything that can be enumerated
/// (<c>BatchSource.FromBatches</c>). They come in the order in which they are given: shuffling is up to the loader.
/// </summary>
/// <remarks>
/// Not repeatable: a run resumes at the beginning of an epoch, and a different loader of the same name and count would not be noticed.
/// Samples have no indices unless the batches provide them.
/// </remarks>
public sealed class LoaderBatches : BatchSource
{
    private readonly Func<IEnumerable<Batch>> _pass;

    /// <param name="name">A name for messages.</param>
    /// <param name="pass">All batches, made anew.</param>
    /// <param name="size">Samples and steps of one pass; null: they are counted, by one pass.</param>
    /// <param name="seed">What a device draws goes by it.</param>
    internal LoaderBatches(string name, Func<IEnumerable<Batch>> pass, (long Count, long Steps)? size, long seed)
    {
        (Name, _pass, Seed) = (name, pass, seed);
        (long count, long steps) = size ?? Counted(pass());
        (Count, StepsPerEpoch) = (checked((int)count), checked((int)steps));
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override int StepsPerEpoch { get; }

    /// <summary>False: nothing that determines what a loader gives could be restored.</summary>
    public override bool IsRepeatable => false;

    /// <summary>The seed of what a device draws in a training step; the loader has a seed of its own.</summary>
    public override long Seed { get; }

    /// <summary>Null: nothing is known besides name and count.</summary>
    public override object? Identity => null;

    /// <summary>One pass over the loader; the caller owns each batch.</summary>
    /// <param name="epoch">At least 0; every epoch is one further pass.</param>
    /// <param name="firstStep">0: a loader cannot begin in the middle.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such epoch, or the first step is not 0.</exception>
    /// <exception cref="InvalidOperationException">
    /// Thrown while it is read: the number of batches or samples is not the one announced.
    /// </exception>
    public override IEnumerable<Batch> Epoch(int epoch, int firstStep = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        return firstStep == 0
            ? Pass()
            : throw new ArgumentOutOfRangeException(
                nameof(firstStep), firstStep, $"{Name} is read from the front: an epoch of a loader cannot begin at a later step.");
    }

    /// <summary>One pass over the loader, in its order; the caller owns each batch.</summary>
    /// <exception cref="InvalidOperationException">
    /// Thrown while it is read: the number of batches or samples is not the one announced.
    /// </exception>
    public override IEnumerable<Batch> InOrder() => Pass();

    /// <inheritdoc/>
    public override Batch First(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        List<Batch> batches = [];
        try
        {
            foreach (Batch batch in Pass())
            {
                batches.Add(batch);
                if (batches.Sum(one => (long)one.Count) >= count)
                {
                    break;
                }
            }

            return batches.Count > 0 ? Joined(batches, count) : throw new InvalidOperationException($"{Name} has no samples.");
        }
        finally
        {
            batches.ForEach(batch => batch.Dispose());
        }
    }

    private IEnumerable<Batch> Pass()
    {
        (long count, long steps) = (0, 0);
        foreach (Batch batch in _pass())
        {
            EnsureAlive(batch);
            (count, steps) = (count + batch.Count, steps + 1);
            if (count > Count || steps > StepsPerEpoch)
            {
                batch.Dispose();
                throw OfAnotherSize($"more than that: {count} in {steps} so far");
            }

            yield return batch;
        }

        if (count != Count || steps != StepsPerEpoch)
        {
            throw OfAnotherSize($"{count} in {steps}");
        }
    }

    private InvalidOperationException OfAnotherSize(string given) =>
        new($"{Name} has {Count} samples in {StepsPerEpoch} batches, and this pass gave {given}.");

    private (long Count, long Steps) Counted(IEnumerable<Batch> batches)
    {
        (long count, long steps) = (0, 0);
        foreach (Batch batch in batches)
        {
            EnsureAlive(batch);
            (count, steps) = (count + batch.Count, steps + 1);
            batch.Dispose();
        }

        return (count, steps);
    }

    // Whoever reads a batch frees it: a list of batches lasts for one pass.
    private void EnsureAlive(Batch? batch)
    {
        if (batch is null)
        {
            throw new InvalidOperationException($"{Name} gave a batch that is null.");
        }

        if (batch.Inputs.IsInvalid)
        {
            throw new InvalidOperationException(
                $"{Name} gave a batch that an earlier pass has freed: make them anew in every pass, as an iterator does, not a list.");
        }
    }

    private static Batch Joined(List<Batch> batches, int count)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor Join(Func<Batch, Tensor> part)
        {
            Tensor all = cat([.. batches.Select(part)]);
            return all.narrow(0, 0, Math.Min(count, all.shape[0])).clone();
        }

        Batch first = batches[0];
        return new Batch(
            Join(batch => batch.Inputs), Join(batch => batch.Targets), first.Weights is null ? null : Join(batch => batch.Weights!),
            first.HasIndices ? Join(batch => batch.Indices) : null)
        {
            More = first.More.Keys.ToDictionary(name => name, name => Join(batch => batch.More[name])),
        };
    }
}
