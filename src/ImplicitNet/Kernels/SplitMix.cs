using System.Runtime.CompilerServices;

namespace ImplicitNet.Kernels;

/// <summary>
/// The numbers of a sequence by their places: <c>Mix(key + place * Step)</c>. Source: Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", 2014.
/// </summary>
internal static class SplitMix
{
    /// <summary>The odd constant nearest to 2^64 divided by the golden ratio: the step of the sequence.</summary>
    public const ulong Step = 0x9E3779B97F4A7C15;

    /// <summary>Makes of neighbouring numbers unrelated ones, each of 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
}
