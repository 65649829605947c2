using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Batches of rows of tensors, such as a table, a series, or pictures already in memory; made by <c>BatchSource.From</c>.
/// </summary>
/// <remarks>
/// It holds a copy, so nothing that the caller does to the tensors afterwards changes a run. It needs no disposing: the copy is in managed
/// memory. Batches have the dtypes and row shapes that were given, on the processor; a trainer converts them to those of the network.
/// </remarks>
public sealed class TensorBatches : IndexedBatches
{
    private readonly TensorRows _inputs;
    private readonly TensorRows _targets;
    private readonly TensorRows? _weights;
    private readonly int[] _rows;
    private readonly Lazy<ContentIdentity> _identity;

    internal TensorBatches(Tensor inputs, Tensor targets, Tensor? weights, string name, int batchSize, long seed)
        : this(Checked(inputs, targets, weights), name, [.. Enumerable.Range(0, (int)inputs.shape[0])], batchSize, seed)
    {
    }

    private TensorBatches(
        (TensorRows Inputs, TensorRows Targets, TensorRows? Weights) content, string name, int[] rows, int batchSize, long seed)
        : base(name, rows.Length, batchSize, seed)
    {
        (_inputs, _targets, _weights) = content;
        _rows = rows;
        _identity = new Lazy<ContentIdentity>(() => new ContentIdentity { BatchSize = batchSize, Seed = seed, Checksum = Checksum() });
    }

    /// <summary>Batch size, seed, and a checksum of dtypes, shapes and values: a run cannot be resumed with other data.</summary>
    public override object Identity => _identity.Value;

    /// <summary>Splits the samples into two sources that share none, each in the order of this one. Nothing is copied.</summary>
    /// <remarks>
    /// Samples are chosen at random. Where neighbours are alike, as in a series, that makes results look better than they are: split the
    /// tensors by time instead, as in <c>BatchSource.From(x[..800], y[..800])</c> and <c>BatchSource.From(x[800..], y[800..])</c>.
    /// </remarks>
    /// <param name="share">The share of the samples that is held out, rounded to the nearest number of samples; in (0, 1).</param>
    /// <param name="seed">The choice is a function of this seed and of the numbers of samples.</param>
    /// <returns>The samples to train on, and those held out, to validate or test on.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The share leaves one of the two without a sample.</exception>
    public (TensorBatches Train, TensorBatches HeldOut) Split(double share = 0.1, long seed = 1)
    {
        int heldOut = share is > 0 and < 1 ? (int)Math.Round(Count * share, MidpointRounding.AwayFromZero) : 0;
        if (heldOut < 1 || heldOut >= Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(share), share, $"Both parts need a sample: this share of {Name}, {Count} samples, leaves one without.");
        }

        int[] order = [.. _rows];
        new RandomNumbers(RandomNumbers.Key(seed, RandomPurpose.HoldOut), 0).Shuffle(order);
        return (Part(order[heldOut..], "train"), Part(order[..heldOut], "held out"));
    }

    /// <inheritdoc/>
    protected override Batch Make(ReadOnlySpan<int> indices, int? epoch)
    {
        int[] rows = new int[indices.Length];
        for (int place = 0; place < rows.Length; place++)
        {
            rows[place] = _rows[indices[place]];
        }

        Tensor inputs = _inputs.Gather(rows);
        Tensor targets = ReferenceEquals(_inputs, _targets) ? inputs : _targets.Gather(rows);
        return new Batch(inputs, targets, _weights?.Gather(rows));
    }

    private static (TensorRows Inputs, TensorRows Targets, TensorRows? Weights) Checked(Tensor inputs, Tensor targets, Tensor? weights)
    {
        TensorCheck.EnsureBatch(inputs, nameof(inputs), "The tensor of inputs", isNumber: false);
        long count = inputs.shape[0];
        if (count == 0)
        {
            throw new ArgumentException("There are no samples: the inputs have no rows.", nameof(inputs));
        }

        CheckRows(count, targets, nameof(targets), isNumber: false);
        if (weights is not null)
        {
            CheckRows(count, weights, nameof(weights), isNumber: true);
            CheckWeights(weights);
        }

        TensorRows rows = new(inputs);
        return (rows, ReferenceEquals(inputs, targets) ? rows : new TensorRows(targets), weights is null ? null : new TensorRows(weights));
    }

    private static void CheckRows(long count, Tensor tensor, string name, bool isNumber)
    {
        TensorCheck.EnsureBatch(tensor, name, $"The tensor of {name}", isNumber);
        if (tensor.shape[0] != count)
        {
            throw new ArgumentException(
                $"There is one row a sample: the inputs have {count} rows and the {name} {tensor.shape[0]}.", name);
        }
    }

    private static void CheckWeights(Tensor weights)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor wrong = (weights.isfinite() & weights.ge(0)).logical_not();
        if (wrong.any().ToBoolean())
        {
            long row = wrong.reshape(wrong.shape[0], -1).any(1).to(ScalarType.Int64).argmax().ToInt64();
            throw new ArgumentException($"Weights are finite and at least 0; one of sample {row} is not.", nameof(weights));
        }
    }

    private TensorBatches Part(int[] rows, string part)
    {
        Array.Sort(rows);
        return new TensorBatches((_inputs, _targets, _weights), $"{Name}, {part}", rows, BatchSize, Seed) { IsShuffled = IsShuffled };
    }

    private string Checksum() => ContentIdentity.Of(checksum =>
    {
        _inputs.AddTo(checksum, _rows);
        _targets.AddTo(checksum, _rows);
        _weights?.AddTo(checksum, _rows);
    });
}
