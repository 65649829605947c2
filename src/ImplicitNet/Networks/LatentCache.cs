using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// A store of the latents found earlier, by sample, so that later solves start there instead of from scratch. Its memory is bounded; when
/// it is full, no further samples are added.
/// </summary>
/// <remarks>
/// A solve still ends by the same tolerance; only where it starts differs, and with it the last digits. Not for use from
/// several threads at once.
/// </remarks>
public sealed class LatentCache : IDisposable
{
    private readonly Dictionary<long, int> _rows = [];
    private LatentLayout _layout;
    private Tensor? _values;

    /// <summary>Creates an empty cache.</summary>
    /// <param name="options">Its precision and size; default: float32, at most 1 GiB.</param>
    public LatentCache(LatentCacheOptions? options = null) => Options = options ?? new LatentCacheOptions();

    /// <summary>Its precision and size.</summary>
    public LatentCacheOptions Options { get; }

    /// <summary>How many caches its memory is shared with, each of other samples; 1 for none.</summary>
    internal int Parts { get; set; } = 1;

    /// <summary>The number of samples held.</summary>
    public int Count => _rows.Count;

    /// <summary>How many times a sample was asked for and held.</summary>
    public long Hits { get; private set; }

    /// <summary>How many times a sample was asked for and not held.</summary>
    public long Misses { get; private set; }

    /// <summary>The memory of the latents held, in bytes.</summary>
    public long Bytes => _values is null ? 0 : Count * _values.shape[1] * _values.element_size();

    /// <summary>The latents at which to start the solve of a batch.</summary>
    /// <param name="samples">Ids of the samples, as given to <see cref="Store"/>: [batch].</param>
    /// <param name="own">The start of samples that are not held: [batch, ...]; not changed.</param>
    /// <returns>The shape and dtype of <paramref name="own"/>. The caller owns it.</returns>
    /// <exception cref="ArgumentException">
    /// The number of ids is not that of the batch, or the latents held have a different shape.
    /// </exception>
    public Tensor Starts(ReadOnlySpan<long> samples, Tensor own)
    {
        Check(samples, own);
        List<int> positions = [];
        List<int> held = [];
        for (int position = 0; position < samples.Length; position++)
        {
            if (_rows.TryGetValue(samples[position], out int row))
            {
                positions.Add(position);
                held.Add(row);
            }
        }

        Hits += held.Count;
        Misses += samples.Length - held.Count;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        if (held.Count == 0)
        {
            return own.alias().MoveToOuterDisposeScope();
        }

        Tensor found = _values!.index_select(0, RowIndices.Of(held, CPU)).to(own.dtype).to(own.device);
        if (held.Count == samples.Length)
        {
            return _layout.Restore(found).MoveToOuterDisposeScope();
        }

        Tensor rows = _layout.Flatten(own).clone();
        rows.index_copy_(0, RowIndices.Of(positions, own.device), found);
        return _layout.Restore(rows).MoveToOuterDisposeScope();
    }

    /// <summary>Stores what a solve found, for the samples that converged.</summary>
    /// <param name="samples">Ids: [batch].</param>
    /// <param name="latents">u*: [batch, ...]; copied.</param>
    /// <param name="report">How the solve went.</param>
    /// <exception cref="ArgumentException">
    /// The number of ids is not that of the batch, or the latents held have a different shape.
    /// </exception>
    public void Store(ReadOnlySpan<long> samples, Tensor latents, SolveReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        Check(samples, latents);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        _layout = _values is null ? LatentLayout.Of(latents) : _layout;
        Tensor rows = _layout.Flatten(latents).detach().cpu().to(Options.Dtype);
        bool[] finite = [.. rows.isfinite().all(1).data<bool>()];
        int capacity = (int)Math.Min(int.MaxValue, Options.MaxBytes / Parts / Math.Max(1, rows.shape[1] * rows.element_size()));
        List<int> positions = [];
        List<int> targets = [];
        for (int position = 0; position < samples.Length; position++)
        {
            if (report.Samples[position].Status == SolveStatus.Converged && finite[position]
                && Reserve(samples[position], capacity) is int row and >= 0)
            {
                positions.Add(position);
                targets.Add(row);
            }
        }

        if (positions.Count > 0)
        {
            Grow(rows.shape[1], capacity);
            _values!.index_copy_(0, RowIndices.Of(targets, CPU), rows.index_select(0, RowIndices.Of(positions, CPU)));
        }
    }

    /// <summary>Everything held, as tensors to save: ids, latents and their layout. Empty for an empty cache.</summary>
    /// <returns>New tensors or views. The caller owns them.</returns>
    public Dictionary<string, Tensor> Collect() => _values is null
        ? []
        : new()
        {
            ["samples"] = tensor(_rows.OrderBy(entry => entry.Value).Select(entry => entry.Key).ToArray()),
            ["values"] = _values.narrow(0, 0, Count),
            ["shape"] = tensor(_layout.SampleShape),
            ["order"] = tensor(_layout.Order),
        };

    /// <summary>Puts back what <see cref="Collect"/> gave, in place of what is held.</summary>
    /// <param name="tensors">They are copied; the caller keeps them.</param>
    /// <exception cref="ArgumentException">They are not what <see cref="Collect"/> gives; what is held stays.</exception>
    public void Restore(IReadOnlyDictionary<string, Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (Problem(tensors) is { } problem)
        {
            throw new ArgumentException($"The latents cannot be put back: {problem}.", nameof(tensors));
        }

        using DisposeScope scope = NewDisposeScope();
        _rows.Clear();
        _values?.Dispose();
        _values = null;
        if (tensors.Count == 0)
        {
            return;
        }

        _layout = new LatentLayout([.. tensors["shape"].data<long>()], [.. tensors["order"].data<long>()]);
        _values = tensors["values"].to(Options.Dtype).clone().DetachFromDisposeScope();
        foreach (long sample in tensors["samples"].data<long>())
        {
            _rows[sample] = _rows.Count;
        }
    }

    /// <summary>Forgets all samples but some.</summary>
    internal void Keep(Func<long, bool> isKept)
    {
        if (_values is null || _rows.Keys.All(isKept))
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        (long Sample, int Row)[] kept = [.. _rows.Where(entry => isKept(entry.Key)).Select(entry => (entry.Key, entry.Value))];
        Tensor values = _values.index_select(0, RowIndices.Of([.. kept.Select(entry => entry.Row)], CPU)).DetachFromDisposeScope();
        _values.Dispose();
        _values = values;
        _rows.Clear();
        foreach ((long sample, _) in kept)
        {
            _rows[sample] = _rows.Count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _values?.Dispose();

    private static string? Problem(IReadOnlyDictionary<string, Tensor> tensors)
    {
        string[] names = ["samples", "values", "shape", "order"];
        if (tensors.Count == 0)
        {
            return null;
        }

        if (tensors.Count != names.Length || !names.All(tensors.ContainsKey))
        {
            return $"{string.Join(", ", names)} were expected, and given are {string.Join(", ", tensors.Keys)}";
        }

        foreach (string name in names)
        {
            (Tensor? given, bool isValues) = (tensors[name], name == "values");
            if (TensorCheck.HasFault(given, out string? fault))
            {
                return $"{name} {fault}";
            }

            if (given.ndim != (isValues ? 2 : 1) || (isValues ? !given.is_floating_point() : given.dtype != ScalarType.Int64))
            {
                return $"{name} is {TensorCheck.Describe(given)}, "
                    + $"not {(isValues ? "floating-point numbers [samples, n]" : "Int64 [n]")}";
            }
        }

        long[] shape = [.. tensors["shape"].data<long>()];
        long[] order = [.. tensors["order"].data<long>()];
        (long samples, long[] values) = (tensors["samples"].shape[0], tensors["values"].shape);
        Int128 size = shape.Aggregate((Int128)1, (product, side) => product * Math.Clamp(side, -1, int.MaxValue) % ((Int128)1 << 90));
        return shape.Any(side => side < 0) || size != values[1]
                ? $"samples of {TensorCheck.Sizes(shape)} are not {values[1]} numbers each"
            : samples != values[0] || tensors["samples"].data<long>().Distinct().LongCount() != samples
                ? $"{samples} ids, each once, do not fit {values[0]} latents"
            : order.Length > 0
                && (order[0] != 0 || !order.Order().SequenceEqual(Enumerable.Range(0, shape.Length + 1).Select(d => (long)d)))
                ? $"the order {TensorCheck.Sizes(order)} is none of [batch, {string.Join(", ", shape)}]"
            : null;
    }

    private void Check(ReadOnlySpan<long> samples, Tensor latents)
    {
        TensorCheck.EnsureBatch(latents, nameof(latents), "The latents", isNumber: false);
        if (latents.shape[0] != samples.Length)
        {
            throw new ArgumentException(
                $"One id for each of {latents.shape[0]} latents is needed. Given: {samples.Length}.", nameof(samples));
        }

        if (_values is not null && !latents.shape.AsSpan(1).SequenceEqual(_layout.SampleShape))
        {
            throw new ArgumentException(
                $"The cache holds latents of {TensorCheck.Sizes(_layout.SampleShape)}. Given: {TensorCheck.Sizes(latents.shape[1..])}.",
                nameof(latents));
        }
    }

    private int Reserve(long sample, int capacity)
    {
        if (_rows.TryGetValue(sample, out int row))
        {
            return row;
        }

        if (_rows.Count >= capacity)
        {
            return -1;
        }

        return _rows[sample] = _rows.Count;
    }

    /// <summary>Makes room for the rows reserved: twice what was, so that filling copies each row once on average.</summary>
    private void Grow(long width, int capacity)
    {
        long have = _values?.shape[0] ?? 0;
        if (_rows.Count <= have)
        {
            return;
        }

        Tensor larger = zeros([Math.Min(capacity, Math.Max(2 * have, _rows.Count)), width], Options.Dtype);
        if (_values is not null)
        {
            larger.narrow(0, 0, have).copy_(_values);
            _values.Dispose();
        }

        _values = larger.DetachFromDisposeScope();
    }
}
