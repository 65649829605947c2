namespace ImplicitNet.Training.Data;

/// <summary>A source of batches: shuffled in every epoch for training, in order for evaluation.</summary>
/// <remarks>
/// For a source of your own, derive from <see cref="IndexedBatches"/> if samples have numbers: it cuts, shuffles and resumes. Derive from
/// this class only if the data can be read from front to back and in no other way.
/// </remarks>
public abstract class BatchSource
{
    /// <summary>
    /// A name for messages and reports, such as "MNIST train". A checkpoint can only be resumed with data of the same name.
    /// </summary>
    public abstract string Name { get; }

    /// <summary>The number of samples in one epoch.</summary>
    public abstract int Count { get; }

    /// <summary>The number of batches in one epoch, including the last and perhaps smaller one.</summary>
    public abstract int StepsPerEpoch { get; }

    /// <summary>
    /// Whether a batch is a function of seed, epoch and step, the same on every reading, so that a run may resume at any step. If not, a
    /// run resumes at the beginning of an epoch.
    /// </summary>
    public abstract bool IsRepeatable { get; }

    /// <summary>The seed of all that is random about the batches, and of what a device draws in a training step.</summary>
    public abstract long Seed { get; }

    /// <summary>
    /// What determines the batches besides <see cref="Name"/> and <see cref="Count"/>: a number, a text, or a value (a record) whose public
    /// properties are of these kinds; null if nothing does. A checkpoint can only be resumed with the same identity.
    /// </summary>
    public abstract object? Identity { get; }

    /// <summary>The batches of one epoch, shuffled, one at a time; the caller owns each.</summary>
    /// <param name="epoch">Number of the epoch; at least 0.</param>
    /// <param name="firstStep">The step to begin at, from 0 to <see cref="StepsPerEpoch"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such epoch or step.</exception>
    public abstract IEnumerable<Batch> Epoch(int epoch, int firstStep = 0);

    /// <summary>All samples, for evaluation: in the order of the source, unchanged, one batch at a time; the caller owns each.</summary>
    public abstract IEnumerable<Batch> InOrder();

    /// <summary>The first samples of <see cref="InOrder"/> in one batch, to inspect or to measure on; the caller owns it.</summary>
    /// <param name="count">Number of samples, at least 1; a smaller source gives all it has.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    /// <exception cref="InvalidOperationException">The source is empty.</exception>
    public abstract Batch First(int count);

    /// <summary>What is thrown where an epoch ends early.</summary>
    internal InvalidOperationException GaveFewer(int batches) =>
        new($"{Name} has {StepsPerEpoch} batches an epoch, and gave {batches}.");
}
