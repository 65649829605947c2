using System.Security.Cryptography;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Batches of samples that are made when they are asked for. A sample is a function of seed, part and index, so that nothing is stored and
/// a run resumes at any step. To make them from a function, use <c>BatchSource.Generate</c>; a class of your own overrides
/// <see cref="Generate"/>.
/// </summary>
/// <remarks>
/// Two samples, of one part or of two, never share random numbers. Those of two epochs (<see cref="IsFreshEveryEpoch"/>) or two seeds begin
/// at random places of a sequence of 2^64 numbers, and could coincide only by chance.
/// </remarks>
public abstract class GeneratedBatches : IndexedBatches
{
    // The stream numbers of a part: 32 bits hold four parts.
    private const int MostSamples = 1 << 30;
    private const int IdentitySamples = 4;

    private readonly Lazy<string> _checksum;

    /// <summary>Creates the source.</summary>
    /// <param name="name">A name for messages, such as "mazes of 9 x 9".</param>
    /// <param name="count">Samples in an epoch; 0 to 2^30.</param>
    /// <param name="batchSize">Samples in a batch; at least 1. The last batch of an epoch holds what is left.</param>
    /// <param name="seed">Seed of the samples and of their order; any value.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number lies outside its range.</exception>
    protected GeneratedBatches(string name, int count, int batchSize = 64, long seed = 1)
        : base(name, count, batchSize, seed)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MostSamples);
        _checksum = new Lazy<string>(ChecksumOfFirst);
    }

    /// <summary>The part that the samples belong to; default: those to train on.</summary>
    public DataPart Part
    {
        get;
        init => field = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Part), value, "There are the parts Training, Validation and Test.");
    }

    /// <summary>
    /// Whether every training epoch has new samples, which then depend on the epoch too; default false: the same samples in another order.
    /// In evaluation, in order, they are always the same.
    /// </summary>
    public bool IsFreshEveryEpoch { get; init; }

    /// <summary>All options, and a checksum of the first samples: a run cannot be resumed with another function.</summary>
    /// <exception cref="InvalidOperationException">The first samples differ when made twice.</exception>
    public sealed override object Identity => new GeneratorIdentity
    {
        BatchSize = BatchSize,
        Seed = Seed,
        Part = Part,
        IsFreshEveryEpoch = IsFreshEveryEpoch,
        ChecksumOfFirst = _checksum.Value,
    };

    /// <summary>
    /// Makes one sample, without the batch dimension. All samples of a source have the same shape and dtype. Called from any thread; the
    /// tensors made on the way are freed.
    /// </summary>
    /// <param name="number">The number of the sample, different for every sample of all parts: index + 2^30 part.</param>
    /// <param name="random">
    /// The random numbers of the sample. What is drawn elsewhere, for example from torch, does not follow the seed.
    /// </param>
    /// <returns>
    /// What a model is given, what it should answer, and how much that counts: floating point, or null if all count alike.
    /// </returns>
    protected abstract (Tensor Input, Tensor Target, Tensor? Weight) Generate(long number, RandomNumbers random);

    /// <summary>The random numbers of one sample, from the first on.</summary>
    /// <param name="index">0 to count - 1.</param>
    /// <param name="epoch">The training epoch; null, the default: as in evaluation.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sample.</exception>
    internal RandomNumbers NumbersOf(int index, int? epoch = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        int part = IsFreshEveryEpoch && epoch is { } number ? number + 1 : 0;
        return new RandomNumbers(RandomNumbers.Key(Seed, RandomPurpose.Sample, part), Number(index));
    }

    /// <inheritdoc/>
    protected sealed override Batch Make(ReadOnlySpan<int> indices, int? epoch)
    {
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> inputs = [], targets = [], weights = [];
        foreach (int index in indices)
        {
            (Tensor input, Tensor target, Tensor? weight) = Generate(Number(index), NumbersOf(index, epoch));
            inputs.Add(Dense(input, index, "input"));
            targets.Add(Dense(target, index, "target"));
            if (weight is not null)
            {
                weights.Add(Dense(weight, index, "weight"));
            }
        }

        if (weights.Count > 0 && weights.Count < inputs.Count)
        {
            throw new InvalidOperationException(
                $"{Name} gave {weights.Count} of {inputs.Count} samples a weight: give one to all or none.");
        }

        return new Batch(Stack(inputs, "inputs"), Stack(targets, "targets"), weights.Count > 0 ? Stack(weights, "weights") : null);
    }

    private uint Number(int index) => ((uint)Part * MostSamples) + (uint)index;

    private Tensor Dense(Tensor? tensor, int index, string what) => TensorCheck.HasFault(tensor, out string? fault)
        ? throw new InvalidOperationException($"The {what} of sample {index} of {Name} {fault}.")
        : tensor;

    private Tensor Stack(List<Tensor> rows, string what)
    {
        Tensor first = rows[0];
        if (rows.Find(row => row.dtype != first.dtype || !row.shape.SequenceEqual(first.shape)) is { } other)
        {
            throw new InvalidOperationException(
                $"The samples of {Name} have {what} of {TensorCheck.Describe(first)} and of {TensorCheck.Describe(other)}: "
                + "those of one source have one shape and dtype.");
        }

        return stack(rows).detach();
    }

    private string ChecksumOfFirst()
    {
        if (Count == 0)
        {
            return "none";
        }

        string once = ContentIdentity.Of(AddFirst);
        return once == ContentIdentity.Of(AddFirst)
            ? once
            : throw new InvalidOperationException(
                $"The samples of {Name} differ when made twice: draw all that is random from the random numbers that are given.");
    }

    private void AddFirst(IncrementalHash checksum)
    {
        using Batch batch = First(IdentitySamples);
        int[] rows = [.. Enumerable.Range(0, batch.Count)];
        new TensorRows(batch.Inputs).AddTo(checksum, rows);
        new TensorRows(batch.Targets).AddTo(checksum, rows);
        if (batch.Weights is not null)
        {
            new TensorRows(batch.Weights).AddTo(checksum, rows);
        }
    }

    private sealed record GeneratorIdentity
    {
        public required int BatchSize { get; init; }

        public required long Seed { get; init; }

        public required DataPart Part { get; init; }

        public required bool IsFreshEveryEpoch { get; init; }

        public required string ChecksumOfFirst { get; init; }
    }
}
