using System.Runtime.InteropServices;
using ImplicitNet.Batches;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Distribution;

/// <summary>
/// The latents of a warm start, of which every rank has those of its own samples. A checkpoint has all of them, as that of one process has,
/// whatever the number of ranks that wrote it.
/// </summary>
/// <param name="own">This rank's; the caller keeps it.</param>
/// <param name="agreement">Of the ranks.</param>
internal sealed class SharedLatents(LatentCache own, Agreement agreement)
{
    // What the other ranks have at once of what they do not need.
    private const int PieceBytes = 1 << 24;

    private Collective Ranks => agreement.Ranks;

    /// <summary>The latents of all ranks, as <see cref="LatentCache.Collect"/> gives those of one, in the caller's dispose scope.</summary>
    /// <returns>On the first rank; null on the others.</returns>
    public Dictionary<string, Tensor>? Gather()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Dictionary<string, Tensor> held = own.Collect();
        agreement.Of();
        long[][] samples = All(held.GetValueOrDefault("samples")), shapes = All(held.GetValueOrDefault("shape"));
        long[][] orders = All(held.GetValueOrDefault("order"));
        int[] holders = [.. Enumerable.Range(0, Ranks.Size).Where(rank => samples[rank].Length > 0)];
        if (holders.Length == 0)
        {
            return Ranks.IsFirst ? [] : null;
        }

        long[] shape = shapes[holders[0]], order = orders[holders[0]];
        if (holders.FirstOrDefault(rank => !shapes[rank].AsSpan().SequenceEqual(shape)) is > 0 and var other)
        {
            throw new InvalidOperationException(
                $"A warm start needs latents of one shape. Those of rank {holders[0]} are [{string.Join(", ", shape)}], of rank {other} "
                + $"[{string.Join(", ", shapes[other])}].");
        }

        long width = shape.Aggregate(1L, (product, side) => product * side);
        Tensor? rows = held.TryGetValue("values", out Tensor? values)
            ? new LatentLayout(shape, order).Flatten(new LatentLayout(shape, orders[Ranks.Rank]).Restore(values)).contiguous()
            : null;
        Tensor? all = Ranks.IsFirst ? empty([samples.Sum(each => each.LongLength), width], own.Options.Dtype) : null;
        agreement.Of();
        long place = 0;
        foreach (int rank in holders)
        {
            Bring(rank, rows, samples[rank].Length, width, all, place);
            place += samples[rank].Length;
        }

        return all is null ? null : new()
        {
            ["samples"] = tensor(samples.SelectMany(each => each).ToArray()).MoveToOuterDisposeScope(),
            ["values"] = all.MoveToOuterDisposeScope(),
            ["shape"] = tensor(shape).MoveToOuterDisposeScope(),
            ["order"] = tensor(order, ScalarType.Int64).MoveToOuterDisposeScope(),
        };
    }

    /// <summary>Forgets what other ranks have, after all was put back.</summary>
    public void KeepOwn()
    {
        Share share = new(Ranks.Rank, Ranks.Size);
        own.Keep(share.Owns);
    }

    /// <summary>Brings the rows of one rank to the first, piece by piece.</summary>
    /// <param name="rank">Whose.</param>
    /// <param name="rows">On that rank: [count, width].</param>
    /// <param name="count">How many.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="all">On the first rank, where they go; null on the others.</param>
    /// <param name="place">The row that they begin with there.</param>
    private void Bring(int rank, Tensor? rows, int count, long width, Tensor? all, long place)
    {
        int most = (int)Math.Max(1, PieceBytes / Math.Max(1, width * own.Options.Dtype.ElementSize()));
        for (int at = 0; at < count; at += most)
        {
            using DisposeScope scope = NewDisposeScope();
            int length = Math.Min(most, count - at);
            byte[] piece = Ranks.Gather(Ranks.Rank == rank ? rows!.narrow(0, at, length).bytes : [])[rank];
            if (all is not null)
            {
                piece.CopyTo(all.narrow(0, place + at, length).bytes);
            }
        }
    }

    private long[][] All(Tensor? numbers) => Array.ConvertAll(
        Ranks.Gather(numbers is null ? [] : MemoryMarshal.AsBytes<long>(numbers.data<long>().ToArray())),
        static bytes => MemoryMarshal.Cast<byte, long>(bytes).ToArray());
}
