namespace ImplicitNet.Training.Distribution;

/// <summary>Which part of a batch is one rank's: each has as many samples as any other, or one more.</summary>
/// <param name="Rank">The rank, from 0.</param>
/// <param name="Size">How many ranks there are.</param>
public readonly record struct Share(int Rank, int Size)
{
    /// <summary>
    /// Whether a sample is the same rank's in every batch, whatever its place there; the parts are then of different sizes. Default false.
    /// </summary>
    internal bool IsByOwner { get; init; }

    /// <summary>All of it.</summary>
    public static Share Whole => new(0, 1);

    /// <summary>The rank's rows of a batch, one behind the other; none where there are fewer rows than ranks.</summary>
    /// <param name="count">Rows of the whole batch.</param>
    /// <returns>The first of them, and how many.</returns>
    public (int Start, int Count) Of(int count)
    {
        int start = (int)((long)count * Rank / Size);
        return (start, (int)((long)count * (Rank + 1) / Size) - start);
    }

    /// <summary>Whether a sample is the rank's where every sample has an owner.</summary>
    internal bool Owns(long number) => ((number % Size) + Size) % Size == Rank;

    /// <summary>The places of the rank's samples in a batch.</summary>
    /// <param name="count">Samples of the whole batch.</param>
    /// <param name="number">The number of the sample at a place.</param>
    internal int[] Places(int count, Func<int, long> number)
    {
        Share share = this;
        (int start, int own) = Of(count);
        return IsByOwner
            ? [.. Enumerable.Range(0, count).Where(place => share.Owns(number(place)))]
            : [.. Enumerable.Range(start, own)];
    }
}
