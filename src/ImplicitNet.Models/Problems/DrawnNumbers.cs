namespace ImplicitNet.Models.Problems;

/// <summary>Numbers drawn by a generator of our own, the same on every machine and with every version of libtorch.</summary>
internal static class DrawnNumbers
{
    /// <summary>So many numbers, uniform in [-1, 1), of a seed.</summary>
    public static double[] Uniform(int count, ulong seed)
    {
        ulong state = seed;
        return [.. Enumerable.Range(0, count).Select(_ => Next())];

        // SplitMix64 (Steele, Lea, Flood 2014): the upper 53 bits of a mixed counter.
        double Next()
        {
            state += 0x9E3779B97F4A7C15;
            ulong mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return ((mixed ^ (mixed >> 31)) >> 11) * (2.0 / (1UL << 53)) - 1;
        }
    }
}
