using System.Buffers.Binary;
using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

/// <summary>
/// The state of the processor's random generator, read and put back; the one way to it. Bytes that are no state make libtorch end the
/// process, so they are checked first.
/// </summary>
/// <remarks>
/// The layout is that of libtorch's CPUGeneratorImplState: seed (8 bytes), numbers left (4), whether it is seeded (4), the next number (8),
/// 624 words of the Mersenne twister (8 each), and what is kept of normal numbers. A device's generator is not reachable from here.
/// </remarks>
internal static class RandomState
{
    private const int LeftOffset = 8;
    private const int SeededOffset = 12;
    private const int NextOffset = 16;
    private const int Words = 624;

    /// <summary>Bytes of a state.</summary>
    public static long Length { get; } = MeasureLength();

    /// <summary>The state as it is: bytes, [<see cref="Length"/>]. The caller owns it.</summary>
    public static Tensor Get() => get_rng_state();

    /// <summary>Makes something with the draws of a state again; those to come are as if nothing had been drawn.</summary>
    /// <param name="state">As <see cref="Get"/> gave it.</param>
    /// <param name="make">What is made.</param>
    public static T Again<T>(Tensor state, Func<T> make)
    {
        using Tensor here = Get();
        Set(state);
        try
        {
            return make();
        }
        finally
        {
            Set(here);
        }
    }

    /// <summary>Why some bytes are no state, for a message; null where they are one.</summary>
    public static string? Fault(Tensor state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (TensorCheck.IsMissing(state, out string? missing)
            || state.dtype != ScalarType.Byte || state.ndim != 1 || state.shape[0] != Length
            || state.device_type != TorchSharp.DeviceType.CPU)
        {
            return missing is not null
                ? $"the tensor {missing}"
                : $"it is {TensorCheck.Describe(state)} on {state.device_type}; [{Length}] Byte on CPU was expected";
        }

        byte[] bytes = [.. state.data<byte>()];
        int left = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(LeftOffset));
        int seeded = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(SeededOffset));
        ulong next = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(NextOffset));
        return left is < 1 or > Words || seeded != 1 || next > Words
            ? $"it has {left} numbers left of {Words}, is {(seeded == 1 ? "" : "not ")}seeded and goes on at {next}"
            : null;
    }

    /// <summary>Puts a state back.</summary>
    /// <param name="state">What <see cref="Get"/> gave; the caller keeps it.</param>
    /// <exception cref="ArgumentException">It is no state; nothing has changed.</exception>
    public static void Set(Tensor state)
    {
        if (Fault(state) is { } fault)
        {
            throw new ArgumentException($"These bytes are no random state: {fault}.", nameof(state));
        }

#pragma warning disable RS0030 // The guarded way itself.
        set_rng_state(state);
#pragma warning restore RS0030
    }

    private static long MeasureLength()
    {
        using Tensor state = get_rng_state();
        return state.numel();
    }
}
