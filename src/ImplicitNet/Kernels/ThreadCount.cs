using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

/// <summary>The number of threads that torch computes with; the one way to set it. A number that it cannot take ends the process.</summary>
internal static class ThreadCount
{
    /// <summary>
    /// More than any machine's cores that this was tried on; libgomp ends the process when the system refuses it a thread.
    /// </summary>
    public const int Most = 1024;

    /// <summary>Processors that this process may use: those of the machine, or fewer by its affinity or its container's limit.</summary>
    public static int Cores => Environment.ProcessorCount;

    /// <summary>The number in force.</summary>
    public static int Get() => get_num_threads();

    /// <summary>Sets the number.</summary>
    /// <param name="threads">From 1 to <see cref="Most"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is another; nothing has changed.</exception>
    public static void Set(int threads)
    {
        if (threads is < 1 or > Most)
        {
            throw new ArgumentOutOfRangeException(nameof(threads), threads, $"Threads must be from 1 to {Most}; given {threads}.");
        }

#pragma warning disable RS0030 // The guarded way itself.
        set_num_threads(threads);
#pragma warning restore RS0030
    }
}
