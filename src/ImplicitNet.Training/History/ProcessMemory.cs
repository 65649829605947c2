using System.Diagnostics;

namespace ImplicitNet.Training.History;

/// <summary>The memory of this process.</summary>
internal static class ProcessMemory
{
    /// <summary>The largest working set since the process began, in bytes: what was resident, of any library, on no other device.</summary>
    public static long Peak()
    {
        using Process process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
