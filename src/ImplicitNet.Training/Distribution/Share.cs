namespace ImplicitNet.Training.Distribution;

/// <summary>Which part of a batch is one rank's: each has as many samples as any other, or one more.</summary>
/// <param name="Rank">The rank, from 0.</param>
/// <param name="Size">How many ranks there are.</param>
public readonly record struct Share(int Rank, int Size)
{
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
}
