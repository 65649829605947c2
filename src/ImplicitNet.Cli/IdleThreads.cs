using System.Runtime.InteropServices;
using System.Text;

namespace ImplicitNet.Cli;

/// <summary>
/// Bounds how long torch's worker threads spin while they wait for the next operation. By default they spin for
/// milliseconds, which brings several programs on the same cores nearly to a halt; if they slept at once, waking them
/// would cost more than most operations of a small network.
/// </summary>
/// <remarks>
/// One epoch of 50,000 images on two cores shared with other work: 9.6 to 10.2 s with this bound, 9.5 to 41 s with the
/// default, 22 to 28 s without any spinning.
/// </remarks>
internal static class IdleThreads
{
    // Some tens of microseconds: longer than the gap between two operations.
    private const string SpinCount = "20000";

    /// <summary>To be called before the first use of torch: its thread library reads the variable when it is loaded.</summary>
    public static void Bound()
    {
        bool isChosen = Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is not null;
        if (OperatingSystem.IsLinux() && !isChosen)
        {
            // .NET keeps environment variables of its own; native libraries see only those of the C library.
            _ = SetVariable(Encoding.ASCII.GetBytes("GOMP_SPINCOUNT\0"), Encoding.ASCII.GetBytes(SpinCount + '\0'), overwrite: 0);
        }
    }

    [DllImport("libc", EntryPoint = "setenv")]
    private static extern int SetVariable(byte[] name, byte[] value, int overwrite);
}
