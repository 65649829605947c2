using System.Runtime.InteropServices;
using System.Text;

namespace ImplicitNet.Files;

/// <summary>Brings a folder's entries to the disk, so that a rename in it outlives a power cut.</summary>
internal static class DirectorySync
{
    private const int ReadOnly = 0;

    /// <summary>Synchronises the folder on Unix; does nothing on Windows.</summary>
    /// <remarks>File systems that cannot synchronise a folder are left as they are: the rename was atomic all the same.</remarks>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Open(Encoding.UTF8.GetBytes(folder + '\0'), ReadOnly);
        if (descriptor < 0)
        {
            return;
        }

        _ = Sync(descriptor);
        _ = Close(descriptor);
    }

    // .NET opens no folders; bytes instead of a string keep the calls free of marshalling.
    [DllImport("libc", EntryPoint = "open")]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
