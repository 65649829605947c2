using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Strings of random bits and their sums modulo 2 so far, the running parity: the last answer depends on every bit, so that a network which
/// sees a bounded stretch cannot give it. Samples are drawn when they are read.
/// </summary>
/// <remarks>
/// Inputs are the bits, float32, [batch, 1, <see cref="Bits"/>]; targets the sums, int64, [batch, bits], for
/// <see cref="Tasks.DenseClassification"/>. One of the tasks of Schwarzschild et al., "Can you learn an algorithm? Generalizing from easy
/// to hard problems with recurrent networks", NeurIPS 2021.
/// </remarks>
public sealed class PrefixSums : GeneratedBatches
{
    /// <summary>Creates the source.</summary>
    /// <param name="bits">Bits in a string; at least 1.</param>
    /// <param name="count">Strings in an epoch; 0 to 2^30.</param>
    /// <param name="batchSize">Strings in a batch; at least 1. The last batch of an epoch holds what is left.</param>
    /// <param name="seed">Seed of the strings and of their order; any value.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number lies outside its range.</exception>
    public PrefixSums(int bits, int count, int batchSize = 64, long seed = 1)
        : base($"sums of {bits} bits", count, batchSize, seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        Bits = bits;
    }

    /// <summary>Bits in a string.</summary>
    public int Bits { get; }

    /// <inheritdoc/>
    protected override (Tensor Input, Tensor Target, Tensor? Weight) Generate(long number, RandomNumbers random)
    {
        float[] bits = new float[Bits];
        long[] sums = new long[Bits];
        ulong drawn = 0;
        long sum = 0;
        for (int place = 0; place < Bits; place++)
        {
            drawn = place % 64 == 0 ? random.NextBits() : drawn >> 1;
            sum ^= (long)(drawn & 1);
            (bits[place], sums[place]) = (drawn & 1, sum);
        }

        return (tensor(bits, [1, Bits]), tensor(sums), null);
    }
}
