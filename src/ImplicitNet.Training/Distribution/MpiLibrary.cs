using System.Runtime.InteropServices;
using System.Text;

namespace ImplicitNet.Training.Distribution;

/// <summary>
/// An MPI library of this machine: what it is called, and the few of its functions that are used. Whichever it is, no version of this
/// program is built for it: its symbols say which ABI it has.
/// </summary>
/// <remarks>Functions return MPI's error code; 0 is success.</remarks>
internal sealed unsafe class MpiLibrary
{
    /// <summary>In place of an error code: others did not come in time. The library may still use the memory of that call.</summary>
    public const int OutOfPatience = -1;

    // MPI_MAX_LIBRARY_VERSION_STRING and MPI_MAX_ERROR_STRING are at most this in all three.
    private const int LongestText = 8192;

    private readonly nint _handle;
    private readonly delegate* unmanaged<nint*, nint*, int, int*, int> _initThread;
    private readonly delegate* unmanaged<int*, int> _initialized;
    private readonly delegate* unmanaged<int> _finalize;
    private readonly delegate* unmanaged<nint, int, int> _abort;
    private readonly delegate* unmanaged<nint, int*, int> _rank;
    private readonly delegate* unmanaged<nint, int*, int> _size;
    private readonly delegate* unmanaged<nint, nint*, int> _duplicate;
    private readonly delegate* unmanaged<nint, nint, int> _setErrorHandler;
    private readonly delegate* unmanaged<int, byte*, int*, int> _errorString;
    private readonly delegate* unmanaged<byte*, int*, int> _version;
    private readonly delegate* unmanaged<void*, void*, int, nint, nint, nint, nint*, int> _allReduce;
    private readonly delegate* unmanaged<void*, int, nint, int, nint, nint*, int> _broadcast;
    private readonly delegate* unmanaged<void*, int, nint, void*, int, nint, nint, nint*, int> _allGather;
    private readonly delegate* unmanaged<nint, nint*, int> _barrier;
    private readonly delegate* unmanaged<nint*, int*, nint, int> _test;

    private MpiLibrary(nint handle, string file)
    {
        (_handle, File) = (handle, file);
        _initThread = (delegate* unmanaged<nint*, nint*, int, int*, int>)Address("MPI_Init_thread");
        _initialized = (delegate* unmanaged<int*, int>)Address("MPI_Initialized");
        _finalize = (delegate* unmanaged<int>)Address("MPI_Finalize");
        _abort = (delegate* unmanaged<nint, int, int>)Address("MPI_Abort");
        _rank = (delegate* unmanaged<nint, int*, int>)Address("MPI_Comm_rank");
        _size = (delegate* unmanaged<nint, int*, int>)Address("MPI_Comm_size");
        _duplicate = (delegate* unmanaged<nint, nint*, int>)Address("MPI_Comm_dup");
        _setErrorHandler = (delegate* unmanaged<nint, nint, int>)Address("MPI_Comm_set_errhandler");
        _errorString = (delegate* unmanaged<int, byte*, int*, int>)Address("MPI_Error_string");
        _version = (delegate* unmanaged<byte*, int*, int>)Address("MPI_Get_library_version");
        _allReduce = (delegate* unmanaged<void*, void*, int, nint, nint, nint, nint*, int>)Address("MPI_Iallreduce");
        _broadcast = (delegate* unmanaged<void*, int, nint, int, nint, nint*, int>)Address("MPI_Ibcast");
        _allGather = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, nint*, int>)Address("MPI_Iallgather");
        _barrier = (delegate* unmanaged<nint, nint*, int>)Address("MPI_Ibarrier");
        _test = (delegate* unmanaged<nint*, int*, nint, int>)Address("MPI_Test");
        Abi = HasStandardAbi() ? MpiAbi.Standard
            : NativeLibrary.TryGetExport(handle, "ompi_mpi_comm_world", out _) ? MpiAbi.OpenMpi(Address)
            : MpiAbi.Mpich;
        Name = ReadName();
    }

    /// <summary>As it was asked for: "libmpi.so.40", or a path.</summary>
    public string File { get; }

    /// <summary>What it calls itself: "Open MPI v4.1.4".</summary>
    public string Name { get; }

    /// <summary>Its handles and constants.</summary>
    public MpiAbi Abi { get; }

    /// <summary>Whether MPI runs or has run in this process, which it may once.</summary>
    public bool IsInitialized
    {
        get
        {
            int flag = 0;
            _ = _initialized(&flag);
            return flag != 0;
        }
    }

    /// <summary>Loads the library of a launcher; MPI is not initialised by it.</summary>
    /// <param name="launcher">Which library is likely, and which one the user has named.</param>
    /// <exception cref="CollectiveException">There is none, or it is no MPI library.</exception>
    public static MpiLibrary Load(Launcher launcher)
    {
        LeaveSignals();
        foreach (string file in launcher.Libraries)
        {
            if (NativeLibrary.TryLoad(file, out nint handle))
            {
                return new MpiLibrary(handle, file);
            }
        }

        throw new CollectiveException(
            $"There is no MPI library: {string.Join(", ", launcher.Libraries)} cannot be loaded. {Launcher.LibraryVariable} names one by "
            + "its path.");
    }

    /// <summary>Starts MPI, for calls from this thread; errors are returned from now on.</summary>
    public int Initialize()
    {
        int provided = 0;
        int code = _initThread(null, null, Abi.Funneled, &provided);
        return code != 0 ? code
            : provided < Abi.Funneled ? throw new CollectiveException($"{Name} was built for programs without threads.")
            : _setErrorHandler(Abi.World, Abi.ErrorsReturn);
    }

    /// <summary>The number of this process.</summary>
    public int Rank(out int rank)
    {
        int value = 0;
        int code = _rank(Abi.World, &value);
        rank = value;
        return code;
    }

    /// <summary>How many processes there are.</summary>
    public int Size(out int size)
    {
        int value = 0;
        int code = _size(Abi.World, &value);
        size = value;
        return code;
    }

    /// <summary>Makes one more communicator of all ranks, with messages of its own.</summary>
    public int Duplicate(out nint communicator)
    {
        nint value = 0;
        int code = _duplicate(Abi.World, &value);
        communicator = value;
        return code;
    }

    /// <summary>Combines numbers over all ranks, in place.</summary>
    public int AllReduce(Span<byte> values, int count, nint type, nint operation, nint communicator, TimeSpan patience)
    {
        fixed (byte* at = values)
        {
            nint request = 0;
            int code = _allReduce((void*)Abi.InPlace, at, count, type, operation, communicator, &request);
            return code != 0 ? code : Complete(request, patience);
        }
    }

    /// <summary>Gives all ranks the bytes of the first.</summary>
    public int Broadcast(Span<byte> bytes, nint communicator, TimeSpan patience)
    {
        fixed (byte* at = bytes)
        {
            nint request = 0;
            int code = _broadcast(at, bytes.Length, Abi.Byte, 0, communicator, &request);
            return code != 0 ? code : Complete(request, patience);
        }
    }

    /// <summary>Gives all ranks the bytes of all, as many of each.</summary>
    public int AllGather(ReadOnlySpan<byte> bytes, Span<byte> all, nint communicator, TimeSpan patience)
    {
        fixed (byte* from = bytes)
        {
            fixed (byte* to = all)
            {
                nint request = 0;
                int code = _allGather(from, bytes.Length, Abi.Byte, to, bytes.Length, Abi.Byte, communicator, &request);
                return code != 0 ? code : Complete(request, patience);
            }
        }
    }

    /// <summary>Waits for all ranks, apart from their other calls.</summary>
    public int Barrier(TimeSpan patience)
    {
        nint request = 0;
        int code = _barrier(Abi.World, &request);
        return code != 0 ? code : Complete(request, patience);
    }

    /// <summary>Ends MPI on this rank.</summary>
    public int Finish() => _finalize();

    /// <summary>Ends all ranks, this one with them.</summary>
    public void Abort(int exitCode) => _ = _abort(Abi.World, exitCode);

    /// <summary>What the library says of an error.</summary>
    public string Words(int code)
    {
        byte* text = stackalloc byte[LongestText];
        int length = 0;
        return _errorString(code, text, &length) == 0
            ? OneLine(Encoding.UTF8.GetString(text, length))
            : FormattableString.Invariant($"error {code}");
    }

    private int Complete(nint request, TimeSpan patience)
    {
        PatientWait wait = new(patience);
        while (true)
        {
            int isDone = 0;
            int code = _test(&request, &isDone, Abi.StatusIgnore);
            if (code != 0 || isDone != 0)
            {
                return code;
            }

            if (!wait.Next())
            {
                return OutOfPatience;
            }
        }
    }

    private nint Address(string symbol) => NativeLibrary.TryGetExport(_handle, symbol, out nint address)
        ? address
        : throw new CollectiveException($"{File} is no MPI library of version 3 or later: it has no {symbol}.");

    private bool HasStandardAbi()
    {
        if (!NativeLibrary.TryGetExport(_handle, "MPI_Abi_get_version", out nint address))
        {
            return false;
        }

        int major = 0, minor = 0;
        return ((delegate* unmanaged<int*, int*, int>)address)(&major, &minor) == 0 && major > 0;
    }

    // "Open MPI v4.1.4, package: ...", "MPICH Version:\t4.0.2\n...".
    private string ReadName()
    {
        byte* text = stackalloc byte[LongestText];
        int length = 0;
        _ = _version(text, &length);
        string first = Encoding.UTF8.GetString(text, length).Split(',', '\n', '\0')[0];
        return OneLine(first.Replace("Version:", "", StringComparison.Ordinal));
    }

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>
    /// Keeps the libraries below MPI's from taking SIGSEGV, by which .NET hears of a null reference: an exception would end the process.
    /// They read these when they are loaded, of the C library, which does not see .NET's. What the user has set stays.
    /// </summary>
    private static void LeaveSignals()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        foreach ((string name, string value) in ((string, string)[])
            [("UCX_ERROR_SIGNALS", ""), ("IPATH_NO_BACKTRACE", "1"), ("HFI_NO_BACKTRACE", "1")])
        {
            _ = SetVariable(Encoding.ASCII.GetBytes(name + '\0'), Encoding.ASCII.GetBytes(value + '\0'), overwrite: 0);
        }
    }

    [DllImport("libc", EntryPoint = "setenv")]
    private static extern int SetVariable(byte[] name, byte[] value, int overwrite);
}
