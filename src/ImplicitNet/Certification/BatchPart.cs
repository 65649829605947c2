using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// What one of several processes has of the batch whose gradient they certify together. All of them make the same calls in the same order,
/// and have the same answers, bit by bit.
/// </summary>
internal sealed class BatchPart
{
    private readonly Action<IReadOnlyList<Tensor>>? _sum;
    private readonly Func<byte[], byte[][]>? _gather;

    /// <summary>A part.</summary>
    /// <param name="isCounted">
    /// Whether the samples of this process are of the batch: false for those that stand in where it has none, so that it goes with the
    /// others.
    /// </param>
    /// <param name="sum">
    /// Puts in the place of each tensor its sum over all processes: float64, contiguous, on the processor, of the same shapes on each.
    /// </param>
    /// <param name="gather">What each of them gives, in their order.</param>
    public BatchPart(bool isCounted, Action<IReadOnlyList<Tensor>> sum, Func<byte[], byte[][]> gather) =>
        (IsCounted, _sum, _gather) = (isCounted, sum, gather);

    private BatchPart() => IsCounted = true;

    /// <summary>All of a batch, in one process.</summary>
    public static BatchPart Whole { get; } = new();

    /// <summary>Whether it is all of the batch.</summary>
    public bool IsWhole => _sum is null;

    /// <summary>Whether its samples are of the batch.</summary>
    public bool IsCounted { get; }

    /// <summary>The sums of numbers over all parts.</summary>
    public double[] Sums(params double[] own)
    {
        if (_sum is null)
        {
            return own;
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor all = tensor(own, ScalarType.Float64);
        _sum([all]);
        return [.. all.data<double>()];
    }

    /// <summary>Gradients, each summed over all parts in float64.</summary>
    /// <param name="own">Those of this part; null stands for zeros.</param>
    /// <param name="sources">What they are the gradients of.</param>
    /// <returns>In the caller's dispose scope.</returns>
    public IReadOnlyList<Tensor?> Sums(IReadOnlyList<Tensor?> own, IReadOnlyList<Tensor> sources)
    {
        if (_sum is null)
        {
            return own;
        }

        using IDisposable noGraph = no_grad();
        Tensor[] all =
        [
            .. own.Zip(sources, static (gradient, source) => gradient is null
                ? zeros(source.shape, ScalarType.Float64)
                : gradient.detach().to(ScalarType.Float64, copy: true).contiguous()),
        ];
        _sum(all);
        return all;
    }

    /// <summary>What all parts have, one behind the other.</summary>
    /// <param name="own">Of this part; as much as it has.</param>
    public T[] All<T>(T[] own)
        where T : unmanaged =>
        _gather is null
            ? own
            : [.. _gather([.. MemoryMarshal.AsBytes(own.AsSpan())]).SelectMany(static each => MemoryMarshal.Cast<byte, T>(each).ToArray())];
}
