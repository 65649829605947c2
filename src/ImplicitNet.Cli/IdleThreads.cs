using System.Runtime.InteropServices;
using System.Text;

namespace ImplicitNet.Cli;

/// <summary>
/// Lets torch's worker threads sleep while they wait for the next operation. By default they spin, which costs nothing on
/// a machine of one's own and brings several programs on the same cores nearly to a halt.
/// </summary>
internal static class IdleThreads
{
    /// <summary>To be called before the first use of torch: its thread library reads the variable when it is loaded.</summary>
    public static void Sleep()
    {
        if (OperatingSystem.IsLinux())
        {
            // .NET keeps environment variables of its own; native libraries see only those of the C library.
            _ = SetVariable(Encoding.ASCII.GetBytes("OMP_WAIT_POLICY\0"), Encoding.ASCII.GetBytes("passive\0"), overwrite: 0);
        }
    }

    [DllImport("libc", EntryPoint = "setenv")]
    private static extern int SetVariable(byte[] name, byte[] value, int overwrite);
}
