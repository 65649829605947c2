using ImplicitNet.Training.Distribution;

namespace ImplicitNet.Training.Data;

/// <summary>One rank's part of every batch of a source: the batches of all ranks are those of the source, cut into shares.</summary>
/// <param name="source">The whole; its batch size, steps and order stay what they are.</param>
/// <param name="share">Which part.</param>
internal sealed class SharedBatches(BatchSource source, Share share)
{
    /// <summary>Refuses a source of which ranks would not see the same batches.</summary>
    /// <exception cref="NotSupportedException">Its batches are no function of seed, epoch and step.</exception>
    public static void EnsureCanBeShared(BatchSource source)
    {
        if (!source.IsRepeatable)
        {
            throw new NotSupportedException(
                $"Several ranks share batches that are the same on each of them; those of {source.Name} are no function of seed, epoch and "
                + "step. Take a source that reads samples by index, such as BatchSource.From.");
        }
    }

    /// <summary>The shares of an epoch's batches; a share without a sample is a batch of one that counts for nothing.</summary>
    /// <param name="epoch">As of <see cref="BatchSource.Epoch"/>.</param>
    /// <param name="firstStep">Likewise.</param>
    public IEnumerable<Batch> Epoch(int epoch, int firstStep) => source is IndexedBatches indexed
        ? indexed.EpochOf(share, epoch, firstStep)
        : Cut(source.Epoch(epoch, firstStep));

    /// <summary>The shares of all batches, for evaluation.</summary>
    public IEnumerable<Batch> InOrder() => source is IndexedBatches indexed ? indexed.InOrderOf(share) : Cut(source.InOrder());

    private IEnumerable<Batch> Cut(IEnumerable<Batch> batches) =>
        share == Share.Whole ? batches : batches.Select(batch => batch.Cut(share));
}
