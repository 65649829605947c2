using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace ImplicitNet.Files;

/// <summary>
/// The hold of one process on a run's folder: the file <c>run.lock</c>, open and locked. The system releases it with the process, however
/// that ends; the file itself says nothing but by whom it was made, and one that was left behind is in nobody's way.
/// </summary>
/// <remarks>Not every file system of a network has such locks; where there are none, nobody is kept out.</remarks>
internal sealed class RunLock : IDisposable
{
    /// <summary>The file's name in the folder.</summary>
    public const string FileName = "run.lock";

    private const int LongestContent = 128;
    private static readonly HashSet<string> Held = [];

    // EAGAIN of Linux and of macOS, and ERROR_SHARING_VIOLATION of Windows.
    private static readonly int[] InUse = [11, 35, unchecked((int)0x80070020)];

    private readonly string _path;
    private readonly string _content;
    private readonly FileStream _stream;

    private RunLock(string path, string content, FileStream stream) => (_path, _content, _stream) = (path, content, stream);

    /// <summary>Takes hold of a folder.</summary>
    /// <param name="folder">The folder, which exists, as its user names it.</param>
    /// <exception cref="FolderInUseException">Another holds it.</exception>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static RunLock Take(string folder)
    {
        string path = Path.Combine(Path.GetFullPath(folder), FileName);
        string content = string.Create(
            CultureInfo.InvariantCulture, $"{Environment.ProcessId} {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}\n");
        while (true)
        {
            FileStream stream = Open(path, folder);
            try
            {
                stream.SetLength(0);
                stream.Write(Encoding.ASCII.GetBytes(content));

                // The holder before may have deleted the file between its opening and its locking: then this lock is on no name.
                if (Read(path) == content)
                {
                    lock (Held)
                    {
                        Held.Add(path);
                    }

                    return new RunLock(path, content, stream);
                }
            }
            catch
            {
                stream.Dispose();
                throw;
            }

            stream.Dispose();
        }
    }

    /// <summary>Takes hold of a folder, unless this process has it already.</summary>
    /// <param name="folder">The folder, which exists.</param>
    /// <returns>Null where this process has it.</returns>
    /// <exception cref="FolderInUseException">Another process holds it.</exception>
    public static RunLock? TakeUnlessHeld(string folder)
    {
        bool isHeld;
        lock (Held)
        {
            isHeld = Held.Contains(Path.Combine(Path.GetFullPath(folder), FileName));
        }

        return isHeld ? null : Take(folder);
    }

    /// <summary>Lets go, and leaves no file behind.</summary>
    public void Dispose()
    {
        lock (Held)
        {
            Held.Remove(_path);
        }

        // While it is held where that can be: afterwards the file may be another's.
        if (!OperatingSystem.IsWindows() && Read(_path) == _content)
        {
            TryDelete();
        }

        _stream.Dispose();
        if (OperatingSystem.IsWindows())
        {
            TryDelete();
        }
    }

    // A file left behind is in nobody's way.
    private void TryDelete()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static FileStream Open(string path, string folder)
    {
        try
        {
            // Without sharing, .NET locks the whole file by flock; on Windows the others may read whose it is.
            FileShare share = OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None;
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, share, bufferSize: 0);
        }
        catch (IOException exception) when (InUse.Contains(exception.HResult))
        {
            throw new FolderInUseException(
                folder, int.TryParse(Read(path)?.Split(' ')[0], CultureInfo.InvariantCulture, out int process) ? process : null);
        }
    }

    /// <summary>The file's content, whoever has locked it; null where there is none.</summary>
    private static string? Read(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                using StreamReader reader = new(stream);
                return reader.ReadToEnd();
            }
            catch (IOException)
            {
                return null;
            }
        }

        // .NET would ask for a lock to read.
        int descriptor = OpenRaw(Encoding.UTF8.GetBytes(path + '\0'), CloseOnExec);
        if (descriptor < 0)
        {
            return null;
        }

        byte[] content = new byte[LongestContent];
        nint count = ReadRaw(descriptor, content, content.Length);
        _ = CloseRaw(descriptor);
        return count < 0 ? null : Encoding.ASCII.GetString(content, 0, (int)count);
    }

    // O_RDONLY | O_CLOEXEC, so that no child inherits it.
    private static int CloseOnExec => OperatingSystem.IsLinux() ? 0x80000 : 0x1000000;

    [DllImport("libc", EntryPoint = "open")]
    private static extern int OpenRaw(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "read")]
    private static extern nint ReadRaw(int descriptor, byte[] buffer, nint count);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int CloseRaw(int descriptor);
}
