using System.Runtime.InteropServices;
using ImplicitNet.Kernels;
using ImplicitNet.Training.Distribution;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>A batch of samples as tensors, one sample per row. It owns the tensors: dispose it when the step is done.</summary>
/// <remarks>The tensors belong to no dispose scope, even if the batch was made inside one.</remarks>
public sealed class Batch : IDisposable
{
    private readonly Dictionary<string, Tensor> _more = [];
    private Tensor? _indices;

    /// <summary>Takes over the tensors: the batch owns them from now on and frees them.</summary>
    /// <param name="inputs">What a model is given: [batch, ...], any dtype.</param>
    /// <param name="targets">What it should answer: [batch, ...], any dtype; where there is nothing to answer, the inputs again.</param>
    /// <param name="weights">How much samples, or parts of them, count in a loss: [batch, ...], floating point; default: all alike.</param>
    /// <param name="indices">The number of each sample in its source: int64, [batch]; default: none.</param>
    /// <exception cref="ArgumentException">
    /// A tensor differs from the inputs in its number of rows, has a dtype that it must not have, or is not a dense tensor of rows. Nothing
    /// was taken over.
    /// </exception>
    public Batch(Tensor inputs, Tensor targets, Tensor? weights = null, Tensor? indices = null)
    {
        TensorCheck.EnsureBatch(inputs, nameof(inputs), "The tensor of inputs", isNumber: false);
        Count = (int)inputs.shape[0];
        Check(targets, nameof(targets));
        if (weights is not null)
        {
            Check(weights, nameof(weights), isNumber: true);
        }

        if (indices is not null)
        {
            Check(indices, nameof(indices));
            if (indices.dtype != ScalarType.Int64 || indices.ndim != 1)
            {
                throw new ArgumentException($"Indices are [batch] Int64. Given: {TensorCheck.Describe(indices)}.", nameof(indices));
            }
        }

        Inputs = inputs.DetachFromDisposeScope();
        Targets = targets.DetachFromDisposeScope();
        Weights = weights?.DetachFromDisposeScope();
        _indices = indices?.DetachFromDisposeScope();
    }

    /// <summary>Number of samples.</summary>
    public int Count { get; }

    /// <summary>
    /// What a model is given, [batch, ...]. For images: float32, [batch, channels, height, width] in channels-last memory.
    /// </summary>
    public Tensor Inputs { get; private set; }

    /// <summary>What a model should answer, [batch, ...]. For images: the labels, int64, [batch].</summary>
    public Tensor Targets { get; private set; }

    /// <summary>How much samples, or parts of them, count in a loss: [batch, ...], floating point; null: all alike.</summary>
    public Tensor? Weights { get; private set; }

    /// <summary>Whether the samples have numbers in their source: those of a data loader have none.</summary>
    public bool HasIndices => _indices is not null;

    /// <summary>The number of each sample in its source, int64, [batch].</summary>
    /// <exception cref="InvalidOperationException">They have none: see <see cref="HasIndices"/>.</exception>
    public Tensor Indices => _indices ?? throw new InvalidOperationException(
        "The samples of this batch have no indices. What goes by them, as a warm start does, needs a source that reads samples by index.");

    /// <summary>
    /// Whatever else a source of your own provides, by name, such as a mask or what a sample was made from: [batch, ...], any dtype. The
    /// batch owns it.
    /// </summary>
    /// <exception cref="ArgumentException">One differs from the inputs in its number of rows.</exception>
    public IReadOnlyDictionary<string, Tensor> More
    {
        get => _more;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            foreach ((string name, Tensor tensor) in value)
            {
                Check(tensor, name);
            }

            foreach ((string name, Tensor tensor) in value)
            {
                _more[name] = tensor.DetachFromDisposeScope();
            }
        }
    }

    /// <summary>
    /// Whether its one sample is no part of a rank's share, which is empty, and counts for nothing: the rank has it to go the way of the
    /// others.
    /// </summary>
    internal bool IsStandIn { get; set; }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in All())
        {
            tensor.Dispose();
        }
    }

    /// <summary>The samples' numbers in their source, or in the batch where they have none there.</summary>
    internal long[] Numbers()
    {
        using DisposeScope scope = NewDisposeScope();
        return HasIndices ? [.. Indices.cpu().data<long>()] : [.. Enumerable.Range(0, Count)];
    }

    /// <summary>Numbers samples that have no number yet.</summary>
    internal void Number(ReadOnlySpan<int> indices)
    {
        if (_indices is null)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor numbers = empty(indices.Length, dtype: ScalarType.Int64);
            Span<long> values = MemoryMarshal.Cast<byte, long>(numbers.bytes);
            for (int row = 0; row < indices.Length; row++)
            {
                values[row] = indices[row];
            }

            _indices = numbers.to(Inputs.device).DetachFromDisposeScope();
        }
    }

    /// <summary>One rank's rows, or one that stands in where there are none. It takes the place of this batch, which is disposed.</summary>
    internal Batch Cut(Share share)
    {
        using Batch whole = this;
        using IDisposable noGraph = no_grad();
        long[] numbers = Numbers();
        int[] places = share.Places(Count, place => numbers[place]);
        long[] chosen = places.Length > 0 ? [.. places.Select(place => (long)place)] : [0];
        using Tensor at = tensor(chosen, device: Inputs.device);
        Dictionary<Tensor, Tensor> rows = new(ReferenceEqualityComparer.Instance);
        foreach (Tensor tensor in All())
        {
            rows[tensor] = share.IsByOwner ? tensor.index_select(0, at) : tensor.narrow(0, chosen[0], chosen.Length);
        }

        return new Batch(
            rows[Inputs], rows[Targets], Weights is null ? null : rows[Weights], _indices is null ? null : rows[_indices])
        {
            More = _more.ToDictionary(entry => entry.Key, entry => rows[entry.Value]),
            IsStandIn = places.Length == 0,
        };
    }

    /// <summary>Brings floating tensors to a dtype and all tensors to a device; what is there already stays as it is.</summary>
    internal void Convert(ScalarType floats, Device device)
    {
        // One tensor may stand in two places.
        Dictionary<Tensor, Tensor> converted = new(ReferenceEqualityComparer.Instance);
        foreach (Tensor tensor in All())
        {
            converted[tensor] = Converted(tensor, floats, device);
        }

        Inputs = converted[Inputs];
        Targets = converted[Targets];
        Weights = Weights is null ? null : converted[Weights];
        _indices = _indices is null ? null : converted[_indices];
        foreach (string name in _more.Keys)
        {
            _more[name] = converted[_more[name]];
        }

        foreach ((Tensor before, Tensor after) in converted)
        {
            if (!ReferenceEquals(before, after))
            {
                before.Dispose();
            }
        }
    }

    private static Tensor Converted(Tensor tensor, ScalarType floats, Device device)
    {
        ScalarType dtype = tensor.is_floating_point() ? floats : tensor.dtype;
        bool isThere = tensor.device_type == device.type && (device.index < 0 || tensor.device_index == device.index);
        return tensor.dtype == dtype && isThere ? tensor : tensor.to(dtype, device).DetachFromDisposeScope();
    }

    private IEnumerable<Tensor> All()
    {
        Tensor?[] all = [Inputs, Targets, Weights, _indices, .. _more.Values];
        return all.OfType<Tensor>().Distinct(ReferenceEqualityComparer.Instance).Cast<Tensor>();
    }

    private void Check(Tensor tensor, string name, bool isNumber = false)
    {
        TensorCheck.EnsureBatch(tensor, name, $"The tensor of {name}", isNumber);
        if (tensor.shape[0] != Count)
        {
            throw new ArgumentException(
                $"A batch has one row a sample: there are {Count} rows of inputs and {tensor.shape[0]} of {name}.", name);
        }
    }
}
