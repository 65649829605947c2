using System.Runtime.InteropServices;
using ImplicitNet.Training;

namespace ImplicitNet.Cli;

/// <summary>
/// Lets the C library keep memory that tensors have freed for those of the next step. By default it hands the end of the heap
/// back to the system, often several times a step, and takes it again page by page.
/// </summary>
/// <remarks>
/// A training step at batch 100 met 2,400 to 4,900 page faults in some runs and none in others, as the heap happened to lie;
/// they cost up to a tenth of its time. The process stays as large as it has been at most, which is much the same either way.
/// </remarks>
internal static class FreedMemory
{
    // Of glibc's malloc.h.
    private const int TrimThreshold = -1;
    private const int MapThreshold = -3;

    // Larger blocks are mapped, and go back to the system at once: the most that glibc comes to by itself. It has to be given, since
    // setting the other one ends its own adjustment.
    private const int LargestKept = 32 << 20;

    private const int StepsBetweenCollections = 8;

    private static readonly string[] Choices = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"];

    /// <summary>To be called at the start. Does nothing where the user has chosen, or the C library is another.</summary>
    public static void Keep()
    {
        if (!OperatingSystem.IsLinux() || Choices.Any(name => Environment.GetEnvironmentVariable(name) is not null))
        {
            return;
        }

        try
        {
            _ = SetOption(MapThreshold, LargestKept);
            _ = SetOption(TrimThreshold, int.MaxValue);
        }
        catch (EntryPointNotFoundException)
        {
            // Not glibc: its heap is managed otherwise.
        }
    }

    /// <summary>
    /// To be told of all that happens in a training: every few steps it collects what calls of torch leave to the garbage collector, the
    /// native number behind each <c>u + v</c> and <c>0.5 * u</c>.
    /// </summary>
    /// <remarks>
    /// To the collector they are some bytes, and it lets megabytes of them come together. Meanwhile each of them lies in memory that was
    /// free, so that the next large tensor has to go elsewhere. The youngest generation alone is collected, by the one thread that
    /// computes and between its calls of torch, where no number is in use.
    /// </remarks>
    public static void Reuse(TrainingEvent happened)
    {
        if (happened is TrainingEvent.StepFinished step && step.Step % StepsBetweenCollections == 0)
        {
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    private static extern int SetOption(int option, int value);
}
