using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// While it is open, a sample's masks of dropout are its own: a function of the seed, the sample's number and which mask of the call it is,
/// wherever the sample stands, in whatever batch and process. Without one they are drawn from torch's random state.
/// </summary>
/// <remarks>
/// <para>
/// It counts for calls on the thread that opened it, for <see cref="SampleDropout"/> and for the masks of the library's operators; torch's
/// own dropout draws from torch's random state as ever. The masks of a call are numbered as they are drawn: open one for each call of a
/// model, with the same seed for the same masks again. Scopes nest, and the innermost one is in force.
/// </para>
/// <para>
/// A mask of k rows for each sample is read as k neighbouring rows a sample; one whose rows cannot be dealt out so is drawn from torch's
/// random state.
/// </para>
/// </remarks>
public sealed class SampleDraws : IDisposable
{
    [ThreadStatic]
    private static SampleDraws? _innermost;

    private readonly SampleDraws? _outer = Open();
    private readonly ulong _seed;
    private readonly long[] _samples;
    private readonly int _depth = WithinMap.Depth;
    private ulong _drawn;
    private volatile bool _isClosed;

    /// <summary>Opens it on this thread.</summary>
    /// <param name="seed">Another for every step: any number.</param>
    /// <param name="samples">The number of every sample of the batch to come, in its order.</param>
    public SampleDraws(long seed, IReadOnlyList<long> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        (_seed, _samples) = ((ulong)seed, [.. samples]);
        _innermost = this;
    }

    /// <summary>How many masks were drawn in the one in force.</summary>
    internal static ulong Drawn => Open()?._drawn ?? 0;

    /// <summary>Closes it.</summary>
    public void Dispose()
    {
        _isClosed = true;
        _ = Open();
    }

    /// <summary>Makes something with the masks again that followed so many; those to come are as if it had not been made.</summary>
    internal static T Again<T>(ulong drawn, Func<T> make)
    {
        if (Open() is not { } open)
        {
            return make();
        }

        ulong here = open._drawn;
        open._drawn = drawn;
        try
        {
            return make();
        }
        finally
        {
            open._drawn = here;
        }
    }

    /// <summary>A mask that stays for a solve: 0 for the share that is dropped, 1 / (1 - share) for the rest.</summary>
    /// <param name="shape">[batch, ...].</param>
    /// <param name="share">In [0, 1).</param>
    /// <param name="like">Its dtype and device.</param>
    /// <returns>In the caller's dispose scope.</returns>
    internal static Tensor Mask(long[] shape, double share, Tensor like)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor kept = TryKeep(shape, share, within: 1)?.to(like.device) ?? rand(shape, like.dtype, like.device).ge(share);
        return kept.to(like.dtype).div_(1 - share).MoveToOuterDisposeScope();
    }

    /// <summary>What a mask keeps: Bool, on the processor; null where torch is to draw it.</summary>
    /// <param name="shape">[batch, ...].</param>
    /// <param name="share">What is dropped.</param>
    /// <param name="within">
    /// How deep in a solve it may be drawn, whose map is another one at every evaluation otherwise: torch's random state tells on it.
    /// </param>
    internal static Tensor? TryKeep(long[] shape, double share, int within)
    {
        long elements = shape.Aggregate(1L, (product, side) => product * side);
        if (Open() is not { } open || WithinMap.Depth > open._depth + within || open._samples.Length == 0 || elements == 0
            || shape[0] % open._samples.Length != 0 || !TensorMemory.Holds(elements, ScalarType.Bool))
        {
            return null;
        }

        Tensor kept = empty(shape, ScalarType.Bool);
        open.Fill(new TensorMemory<byte>(kept), share);
        return kept;
    }

    private void Fill(TensorMemory<byte> kept, double share)
    {
        ulong key = SplitMix.Mix(_seed + (++_drawn * SplitMix.Step));
        ulong least = (ulong)Math.ScaleB(share, 64);
        int each = kept.Length / _samples.Length;
        long[] samples = _samples;
        ThreadTeam.Run(samples.Length, kept.Length, sample =>
        {
            ulong at = SplitMix.Mix(key + ((ulong)samples[sample] * SplitMix.Step));
            foreach (ref byte one in kept.Slice(sample * each, each))
            {
                at += SplitMix.Step;
                one = SplitMix.Mix(at) >= least ? (byte)1 : (byte)0;
            }
        });
    }

    /// <summary>They may be disposed in any order, and on another thread by mistake: those that are closed are dropped here.</summary>
    private static SampleDraws? Open()
    {
        while (_innermost is { _isClosed: true } closed)
        {
            _innermost = closed._outer;
        }

        return _innermost;
    }
}
