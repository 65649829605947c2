using System.Text;

namespace ImplicitNet.Training.Distribution;

/// <summary>
/// Where ranks meet before they go on together: each brings a few numbers, all leave with their sums. A rank that fails anywhere comes to
/// the next meeting of the others and says so there, and all of them end.
/// </summary>
/// <remarks>
/// Every meeting has the same size, so that a rank that fails need not know where the others are. What ranks do together between two
/// meetings therefore follows at once upon one, without anything between that could fail.
/// </remarks>
/// <param name="ranks">Those that meet; the caller keeps it.</param>
internal sealed class Agreement(Collective ranks)
{
    /// <summary>So many numbers are brought at most.</summary>
    public const int Most = 11;

    private bool _isOver;

    /// <summary>Those that meet.</summary>
    public Collective Ranks => ranks;

    /// <summary>Meets the others.</summary>
    /// <param name="own">At most <see cref="Most"/>.</param>
    /// <returns>Their sums over all ranks; of those not brought 0.</returns>
    /// <exception cref="CollectiveException">A rank failed: the message names it and says what it said.</exception>
    public double[] Of(params ReadOnlySpan<double> own)
    {
        double[] sums = new double[Most + 1];
        own.CopyTo(sums.AsSpan(0, Most));
        ranks.Sum(sums);
        return sums[Most] == 0 ? sums : throw Failure(null);
    }

    /// <summary>Does something that other ranks do too. A failure is told to them, and theirs ends this rank as well.</summary>
    /// <param name="make">It; meets the others or not.</param>
    /// <exception cref="CollectiveException">Another rank failed.</exception>
    public T Guarded<T>(Func<T> make)
    {
        try
        {
            T made = make();
            Of();
            return made;
        }
        catch (Exception failure)
        {
            Tell(failure);
            throw;
        }
    }

    /// <summary>What to throw where ranks know already that one of them failed. All of them call it.</summary>
    /// <param name="own">This rank's own failure; null for none.</param>
    /// <returns>The rank's own, or one that names the first rank that failed.</returns>
    public Exception Failure(Exception? own)
    {
        _isOver = true;
        byte[][] said = ranks.Gather(own is null ? [] : Encoding.UTF8.GetBytes($"{own.GetType().Name}: {own.Message}"));
        int rank = Array.FindIndex(said, each => each.Length > 0);
        return own ?? new CollectiveException(
            $"Rank {rank} of {ranks.Size} failed, and this one, rank {ranks.Rank}, ends with it. "
            + (rank < 0 ? "It said nothing." : Encoding.UTF8.GetString(said[rank])));
    }

    private void Tell(Exception failure)
    {
        if (_isOver || failure is CollectiveException)
        {
            return;
        }

        try
        {
            double[] sums = new double[Most + 1];
            sums[Most] = 1;
            ranks.Sum(sums);
            Failure(failure);
        }
        catch (CollectiveException)
        {
            // Nobody is there to be told: what happened here is what counts.
        }
    }
}
