using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace ImplicitNet.Files;

/// <summary>What rights a new file gets that nobody asked any for, on Unix: all to read and write, less the process's mask.</summary>
[UnsupportedOSPlatform("windows")]
internal static class FileMask
{
    private const UnixFileMode ReadAndWrite =
        UnixFileMode.UserRead | UnixFileMode.UserWrite
        | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    // Nothing for group and others.
    private const uint OwnerOnly = 0b000_111_111;

    /// <summary>The rights, as the mask was when they were first asked for.</summary>
    public static UnixFileMode NewFile { get; } = ReadAndWrite & ~(UnixFileMode)Read();

    // The system tells the mask only to those who set it. What another thread creates meanwhile is its owner's alone, which harms nobody.
    private static uint Read()
    {
        uint mask = SetMask(OwnerOnly);
        _ = SetMask(mask);
        return mask;
    }

    [DllImport("libc", EntryPoint = "umask")]
    private static extern uint SetMask(uint mask);
}
