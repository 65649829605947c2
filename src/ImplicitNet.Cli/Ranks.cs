using System.Text;
using ImplicitNet.Kernels;
using ImplicitNet.Training.Distribution;

namespace ImplicitNet.Cli;

/// <summary>The processes of one launcher, which train one model together: what commands do about them.</summary>
internal static class Ranks
{
    // What fails on every rank is told by the first, which ends the others; the launcher takes up to a second and a half for it.
    private static readonly TimeSpan Precedence = TimeSpan.FromSeconds(2);

    /// <summary>Refuses to run in several processes, each of which would do the whole work.</summary>
    /// <param name="why">What is said of it.</param>
    /// <exception cref="CommandException">There are several.</exception>
    public static void Refuse(string why)
    {
        if (Launcher.OfProcess.Several is { } found)
        {
            throw new CommandException($"{found}. {why}: start one process, without the launcher.");
        }
    }

    /// <summary>What comes before a message of this process: nothing on the first rank, or where there is one.</summary>
    public static string Prefix => Launcher.OfProcess.Rank is > 0 and { } rank ? FormattableString.Invariant($"rank {rank}: ") : "";

    /// <summary>
    /// Lets the first rank tell of a failure before this one does, and end both; on the first it does nothing. The command line is the same
    /// on all of them, so what is wrong with it, as is found before they join, the first one tells alone; and so it does where the launcher
    /// gives none of them a way to the others.
    /// </summary>
    /// <param name="exception">The failure.</param>
    /// <returns>Whether the first rank alone tells of it.</returns>
    public static bool FirstSpeaks(Exception exception)
    {
        if (Launcher.OfProcess.Rank == 0)
        {
            return false;
        }

        // Slurm may ask the others to end as soon as one has failed: the code is that of the failure all the same, not of an interruption.
        using IDisposable heed = Interruption.Heed();
        Thread.Sleep(Precedence);
        return (exception is CommandException && !Mpi.IsJoined) || (exception is CollectiveException && !Launcher.OfProcess.IsOfMpi);
    }

    /// <summary>What the first rank says, on every rank.</summary>
    /// <param name="ranks">Who hears it.</param>
    /// <param name="text">Of the first rank; that of others does not matter.</param>
    public static string OfFirst(this Collective ranks, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        byte[] length = BitConverter.GetBytes(bytes.Length);
        ranks.Broadcast(length);
        Array.Resize(ref bytes, BitConverter.ToInt32(length));
        ranks.Broadcast(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>What the first rank says, on every rank.</summary>
    /// <param name="ranks">Who hears it.</param>
    /// <param name="value">Of the first rank; that of others does not matter.</param>
    public static bool OfFirst(this Collective ranks, bool value)
    {
        byte[] one = [value ? (byte)1 : (byte)0];
        ranks.Broadcast(one);
        return one[0] != 0;
    }

    /// <summary>
    /// How many threads this rank computes with where none are asked for: its part of the cores that it has in common with others, since
    /// Open MPI binds each rank to cores of its own and MPICH lets all have all. Null where there is one rank.
    /// </summary>
    /// <param name="ranks">All of them.</param>
    public static int? Threads(this Collective ranks)
    {
        if (ranks.Size == 1)
        {
            return null;
        }

        byte[] own = Encoding.UTF8.GetBytes($"{Environment.MachineName} {Affinity()}");
        int cores = ThreadCount.Cores / ranks.Gather(own).Count(other => other.AsSpan().SequenceEqual(own));
        return Math.Clamp(cores, 1, ThreadCount.Get());
    }

    private static string Affinity()
    {
        const string Allowed = "Cpus_allowed:";
        const string Status = "/proc/self/status";
        return File.Exists(Status)
            ? File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(Allowed, StringComparison.Ordinal)) ?? ""
            : "";
    }
}
