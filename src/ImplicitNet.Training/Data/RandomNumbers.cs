using ImplicitNet.Kernels;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Reproducible random numbers: a stretch of the SplitMix64 sequence, the same on every machine and in every version.
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
/// </summary>
/// <remarks>
/// A key (seed, purpose and part) fixes one sequence of 2^64 numbers, all distinct, and stream s (an index) reads its positions s * 2^32 to
/// (s + 1) * 2^32 - 1. Two streams of one key therefore never share a number, whatever the seed. Reading on past 2^32 numbers is not
/// guarded. Not for use from several threads at once: each thread creates its own.
/// </remarks>
public sealed class RandomNumbers
{
    private ulong _state;

    /// <summary>Creates the random numbers of one sample, for a source of your own: a function of these three.</summary>
    /// <param name="seed">Any seed.</param>
    /// <param name="part">The epoch, or whatever else should have different numbers for the same index; at least 0.</param>
    /// <param name="index">The index of the sample; at least 0. Two indices of one seed and part share no number.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public RandomNumbers(long seed, int part, int index)
        : this(Key(seed, RandomPurpose.Sample, Checked(part, nameof(part))), (uint)Checked(index, nameof(index)))
    {
    }

    internal RandomNumbers(ulong key, uint stream) => MoveTo(key, stream);

    /// <summary>Goes on as a new one would begin.</summary>
    internal void MoveTo(ulong key, uint stream) => _state = key + (((ulong)stream << 32) * SplitMix.Step);

    /// <summary>A key from a seed and what the numbers are for.</summary>
    internal static ulong Key(long seed, RandomPurpose purpose, int part = 0) =>
        SplitMix.Mix(SplitMix.Mix((ulong)seed + ((ulong)purpose * SplitMix.Step)) + (((ulong)(uint)part + 1) * SplitMix.Step));

    /// <summary>Draws 64 random bits.</summary>
    public ulong NextBits()
    {
        _state += SplitMix.Step;
        return SplitMix.Mix(_state);
    }

    /// <summary>
    /// Draws a number, uniform over 0 to <paramref name="count"/> - 1, without bias (Lemire, 2019: multiply, and reject the short rest).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1.</exception>
    public int Next(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ulong range = (uint)count;
        ulong product = (NextBits() >> 32) * range;
        if ((uint)product < range)
        {
            uint rest = (uint)((1UL << 32) % range);
            while ((uint)product < rest)
            {
                product = (NextBits() >> 32) * range;
            }
        }

        return (int)(product >> 32);
    }

    /// <summary>Draws a number, uniform over [0, 1), a multiple of 2^-53.</summary>
    public double NextUnit() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Draws a number, uniform over [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double NextBetween(double low, double high) => low + ((high - low) * NextUnit());

    /// <summary>
    /// Draws a nearly normal number with mean 0 and deviation 1, within -3.5 to 3.5: a sum of four uniform numbers. Unlike the exact
    /// transformations it needs no logarithm or cosine, whose last digit differs between platforms.
    /// </summary>
    public double NextNormal()
    {
        ulong bits = NextBits();
        long sum = (long)(bits & 0xFFFF) + (long)((bits >> 16) & 0xFFFF) + (long)((bits >> 32) & 0xFFFF) + (long)(bits >> 48);
        // Four uniform 16-bit numbers: mean 131,070, variance 4 (2^32 - 1) / 12, deviation 37,837.2.
        return (sum - 131_070) / 37_837.2;
    }

    /// <summary>Puts items into random order (Fisher and Yates).</summary>
    public void Shuffle(Span<int> items)
    {
        for (int last = items.Length - 1; last > 0; last--)
        {
            int other = Next(last + 1);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }

    private static int Checked(int value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value, name);
        return value;
    }
}
