using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Distribution;

/// <summary>
/// The processes that train one model together, and what they do together: every one of them (a rank) makes the same calls in the same
/// order, and every call returns on all of them. A process of its own is <see cref="SingleProcess"/>.
/// </summary>
/// <remarks>
/// All calls come from the thread that created it. Answers are the same on every rank, bit by bit. A call that some rank never makes ends
/// with a <see cref="CollectiveException"/> on the others after <see cref="Patience"/>. Owned by whoever created it; disposing it takes
/// leave of the others, and is itself such a call: a rank that cannot go on does not dispose it but ends, and so ends them.
/// </remarks>
public abstract class Collective : IDisposable
{
    // Of a tensor's elements at once: less than 2^31 bytes.
    private const long LargestPart = 1 << 27;

    /// <summary>The number of this process, from 0 to <see cref="Size"/> - 1.</summary>
    public abstract int Rank { get; }

    /// <summary>How many processes there are; at least 1.</summary>
    public abstract int Size { get; }

    /// <summary>How many of them share this machine; at least 1.</summary>
    public abstract int LocalSize { get; }

    /// <summary>What connects them, in words: "Open MPI v4.1.4, 4 ranks".</summary>
    public abstract string Description { get; }

    /// <summary>How long a call waits for the other ranks; <see cref="Timeout.InfiniteTimeSpan"/> for ever. 60 s by default.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether this is the rank that writes and speaks.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>Puts in the place of each number its sum over all ranks.</summary>
    /// <param name="values">As many on every rank; changed.</param>
    /// <exception cref="CollectiveException">A rank did not come, or the library failed.</exception>
    public abstract void Sum(Span<double> values);

    /// <summary>As for double.</summary>
    /// <param name="values">As many on every rank; changed.</param>
    /// <exception cref="CollectiveException">A rank did not come, or the library failed.</exception>
    public abstract void Sum(Span<float> values);

    /// <summary>Puts in the place of each number the largest of all ranks; none is NaN.</summary>
    /// <param name="values">As many on every rank; changed.</param>
    /// <exception cref="CollectiveException">A rank did not come, or the library failed.</exception>
    public abstract void Max(Span<double> values);

    /// <summary>Gives every rank what the first one has.</summary>
    /// <param name="bytes">As many on every rank; changed on all but the first.</param>
    /// <exception cref="CollectiveException">A rank did not come, or the library failed.</exception>
    public abstract void Broadcast(Span<byte> bytes);

    /// <summary>Gives every rank what each has.</summary>
    /// <param name="bytes">Of any length, which may differ from rank to rank.</param>
    /// <returns>One array a rank, in the order of the ranks.</returns>
    /// <exception cref="CollectiveException">A rank did not come, or the library failed.</exception>
    public abstract byte[][] Gather(ReadOnlySpan<byte> bytes);

    /// <summary>Ends all ranks at once, this one too, where the others cannot be told in any other way.</summary>
    /// <param name="exitCode">Of this process; not 0.</param>
    public abstract void Abort(int exitCode);

    /// <summary>Sums a tensor over all ranks, in place.</summary>
    /// <param name="tensor">float32 or float64, contiguous, on the processor, without a graph; of one shape on every rank.</param>
    /// <exception cref="ArgumentException">The tensor is another one.</exception>
    /// <exception cref="CollectiveException">A rank did not come, or the library failed.</exception>
    public void Sum(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.device_type != DeviceType.CPU || !tensor.is_contiguous() || tensor.requires_grad
            || tensor.dtype is not (ScalarType.Float32 or ScalarType.Float64))
        {
            throw new ArgumentException(
                "What is summed over ranks is a contiguous float32 or float64 tensor on the processor, without a graph.", nameof(tensor));
        }

        // Memory of a tensor may be more than a span can be of.
        using DisposeScope scope = NewDisposeScope();
        Tensor flat = tensor.view(-1);
        for (long at = 0; at < flat.numel(); at += LargestPart)
        {
            Tensor part = flat.narrow(0, at, Math.Min(LargestPart, flat.numel() - at));
            if (tensor.dtype == ScalarType.Float32)
            {
                Sum(MemoryMarshal.Cast<byte, float>(part.bytes));
            }
            else
            {
                Sum(MemoryMarshal.Cast<byte, double>(part.bytes));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Takes leave of the other ranks.</summary>
    /// <param name="disposing">True; there is no finaliser.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
