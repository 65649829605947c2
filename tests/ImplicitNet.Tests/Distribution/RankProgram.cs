using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using ImplicitNet.Training.Distribution;
using Microsoft.Win32.SafeHandles;

namespace ImplicitNet.Tests.Distribution;

/// <summary>What the ranks of a job do: this program once more, started several times by mpirun, which runs no test then.</summary>
internal static class RankProgram
{
    /// <summary>Names what they do.</summary>
    public const string Variable = "IMPLICITNET_RANKS";

    /// <summary>Seconds of patience.</summary>
    public const string PatienceVariable = "IMPLICITNET_PATIENCE";

    /// <summary>Bytes of the largest piece.</summary>
    public const string PieceVariable = "IMPLICITNET_PIECE";

    private const int Kill = 9;
    private const int Stop = 19;

    // As many numbers as a small network has, and more than one message of any library.
    private const int Count = 35_856;

    [ModuleInitializer]
    internal static void RunRank()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } work)
        {
            Environment.Exit(Run(work));
        }
    }

    private static int Run(string work)
    {
        Collective ranks;
        try
        {
            ranks = Mpi.Join(TimeSpan.FromSeconds(Number(PatienceVariable) ?? 120), Launcher.OfProcess, Number(PieceVariable) ?? 1 << 28);
        }
        catch (CollectiveException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return 3;
        }

        bool isOther = ranks.Rank == 1;
        try
        {
            switch (work)
            {
                case "values":
                    Say(ranks, $"{ranks.Description} {Values(ranks)}");
                    AssertOwn(ranks);
                    ranks.Dispose();
                    return ranks is SingleProcess || IsDisposed(ranks) ? 0 : 5;
                case "throw" when isOther:
                    throw new InvalidDataException("a rank throws");
                case "kill" when isOther:
                    _ = SendSignal(Environment.ProcessId, Kill);
                    break;
                case "exit" when isOther:
                    Environment.Exit(0);
                    break;
                case "return" when isOther:
                    return 0;
                case "abort" when isOther:
                    ranks.Abort(7);
                    break;
                case "stop" when isOther:
                    _ = SendSignal(Environment.ProcessId, Stop);
                    break;
                case "leave" when isOther:
                    ranks.Dispose();
                    break;
            }

            ranks.Sum([1.0]);
            Say(ranks, "a sum of fewer ranks");
            return 0;
        }
        catch (CollectiveException exception)
        {
            Say(ranks, exception.Message);

            // What has not come through when a rank aborts, a launcher may drop.
            Thread.Sleep(200);
            Assert.Contains("lost each other", Assert.Throws<CollectiveException>(() => ranks.Sum([1.0])).Message, StringComparison.Ordinal);
            ranks.Dispose();
            return 4;
        }
    }

    /// <summary>Makes every call, holds what it gives against what each rank can compute for all, and hashes all bits of it.</summary>
    private static string Values(Collective ranks)
    {
        int size = ranks.Size;
        double[] whole = [.. Enumerable.Range(0, 1000).Select(i => (ranks.Rank + 1.0) * i)];
        ranks.Sum(whole);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => size * (size + 1) / 2.0 * i), whole);

        float[] part = Draw(ranks.Rank);
        ranks.Sum(part);
        float[][] parts = [.. Enumerable.Range(0, size).Select(Draw)];
        for (int i = 0; i < Count; i++)
        {
            double exact = parts.Sum(each => (double)each[i]);
            Assert.InRange(part[i], exact - 1e-6, exact + 1e-6);
        }

        double[] largest = [.. Enumerable.Range(0, 100).Select(i => i % size == ranks.Rank ? i : -1.0 - ranks.Rank)];
        ranks.Max(largest);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (double)i), largest);

        byte[] text = new byte[5000];
        Array.Fill(text, (byte)(ranks.Rank + 7));
        ranks.Broadcast(text);
        Assert.All(text, value => Assert.Equal(7, value));

        byte[][] all = ranks.Gather(Bytes(ranks.Rank));
        Assert.Equal(Enumerable.Range(0, size).Select(Bytes), all);
        Assert.All(ranks.Gather([]), Assert.Empty);
        ranks.Sum(Span<double>.Empty);

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes<double>(whole));
        hash.AppendData(MemoryMarshal.AsBytes<float>(part));
        hash.AppendData(MemoryMarshal.AsBytes<double>(largest));
        hash.AppendData(text);
        Array.ForEach(all, hash.AppendData);
        return Convert.ToHexString(hash.GetHashAndReset());

        static byte[] Bytes(int rank) => [.. Enumerable.Repeat((byte)(rank + 1), 700 * rank)];
    }

    /// <summary>What holds for a rank by itself.</summary>
    private static void AssertOwn(Collective ranks)
    {
        Assert.Equal(ranks.Size, ranks.LocalSize);
        Assert.Equal(ranks.Rank == 0, ranks.IsFirst);

        // By SIGSEGV, which a library below MPI's may have taken.
        string? nothing = ranks.Rank >= 0 ? null : "";
        Assert.Throws<NullReferenceException>(() => nothing!.Length);
        if (ranks is SingleProcess)
        {
            return;
        }

        Assert.Throws<InvalidOperationException>(() => Mpi.Join(TimeSpan.FromSeconds(1)));
        // No method of this program: its initialiser, which runs here, holds other threads from it.
        Task other = new(ranks.Dispose);
        other.Start();
        Assert.Throws<InvalidOperationException>(other.GetAwaiter().GetResult);
    }

    // About 0.1 each, and not the same in any order of summation.
    private static float[] Draw(int rank)
    {
#pragma warning disable CA5394 // No secret hangs on it.
        Random random = new(rank);
        return [.. Enumerable.Range(0, Count).Select(_ => (random.NextSingle() - 0.5f) / 3)];
#pragma warning restore CA5394
    }

    private static bool IsDisposed(Collective ranks)
    {
        Assert.Throws<ObjectDisposedException>(() => ranks.Sum([1.0]));
        return true;
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;

    // In one piece, since the ranks share the launcher's output; and not by the console, which speaks to a pty in its own way.
    private static void Say(Collective ranks, string text)
    {
        using SafeFileHandle standardOutput = new(1, ownsHandle: false);
        using FileStream output = new(standardOutput, FileAccess.Write, bufferSize: 0);
        output.Write(Encoding.UTF8.GetBytes($"{ranks.Rank}/{ranks.Size} {text}\n"));
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int process, int signal);
}
