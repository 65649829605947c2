using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ImplicitNet.Training.Distribution;

/// <summary>
/// The ranks of one launcher (mpirun, srun), over the MPI library that the machine has: Open MPI, MPICH and all that keep to its ABI, or
/// one of the standard's ABI. It is found when the program runs, and is no part of it.
/// </summary>
/// <remarks>
/// Which library: the launcher's variables say it, or IMPLICITNET_MPI by a path. All calls come from the thread that joined. A process that
/// ends without <see cref="Collective.Dispose()"/>, by whatever exception or exit, ends all the others: no rank waits for one that is gone.
/// After a <see cref="CollectiveException"/> the ranks have lost each other, and every later call throws too; the library may still write
/// into the memory of the call that was given up, so the process should come to its end.
/// </remarks>
public sealed class Mpi : Collective
{
    // Libraries have counted bytes of one call in an int.
    private const int DefaultLargestPiece = 1 << 28;

    private readonly MpiLibrary _library;
    private readonly int _largestPiece;
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly nint _communicator;
    private readonly int _rank;
    private readonly int _size;
    private int _localSize = 1;
    private string? _failure;
    private bool _isOver;

    private Mpi(MpiLibrary library, int largestPiece)
    {
        (_library, _largestPiece) = (library, largestPiece);
        AppDomain.CurrentDomain.ProcessExit += EndOthers;
        Settle("MPI_Comm_size", library.Size(out _size));
        Settle("MPI_Comm_rank", library.Rank(out _rank));

        // Whoever takes leave does so apart from these: a barrier of one rank would pass for a sum of another.
        Settle("MPI_Comm_dup", library.Duplicate(out _communicator));
    }

    /// <inheritdoc/>
    public override int Rank => _rank;

    /// <inheritdoc/>
    public override int Size => _size;

    /// <inheritdoc/>
    public override int LocalSize => _localSize;

    /// <inheritdoc/>
    public override string Description => string.Create(CultureInfo.InvariantCulture, $"{_library.Name}, {Size} ranks");

    /// <summary>Whether this process has joined others.</summary>
    internal static bool IsJoined { get; private set; }

    /// <summary>What joins them.</summary>
    internal MpiLibrary Library => _library;

    /// <summary>
    /// Joins the ranks that a launcher has started; without one, or where it has started one process, no MPI library is touched. Once in a
    /// process, before torch is used.
    /// </summary>
    /// <param name="patience">How long each call waits for the other ranks; <see cref="Timeout.InfiniteTimeSpan"/> for ever. Joining has
    /// none: the launcher watches it.</param>
    /// <returns>The ranks, or a <see cref="SingleProcess"/>. The caller disposes it where all ranks have come to their end.</returns>
    /// <exception cref="CollectiveException">There is no MPI library, it is not that of the launcher, or it failed.</exception>
    /// <exception cref="InvalidOperationException">This process has joined before.</exception>
    public static Collective Join(TimeSpan patience) => Join(patience, Launcher.OfProcess, DefaultLargestPiece);

    /// <summary>As above.</summary>
    internal static Collective Join(TimeSpan patience, Launcher launcher, int largestPiece = DefaultLargestPiece)
    {
        if (!launcher.MayBeOfSeveral)
        {
            return new SingleProcess { Patience = patience };
        }

        if (!launcher.IsOfMpi)
        {
            throw new CollectiveException(
                $"{Capital(launcher.Several!)}, but has no way to find the others. Start it by mpirun, or by srun --mpi=pmix (Open MPI) or "
                + "srun --mpi=pmi2 (MPICH).");
        }

        MpiLibrary library = MpiLibrary.Load(launcher);
        if (library.IsInitialized)
        {
            throw new InvalidOperationException("A process joins once: MPI has been initialised in this one.");
        }

        if (library.Initialize() is not 0 and { } code)
        {
            throw new CollectiveException($"{library.Name} does not start: {library.Words(code)}");
        }

        Mpi ranks = new(library, largestPiece) { Patience = patience };
        ranks.EnsureAll(launcher);
        IsJoined = true;
        ranks._localSize = ranks.Gather(Encoding.UTF8.GetBytes(Environment.MachineName))
            .Count(name => Encoding.UTF8.GetString(name) == Environment.MachineName);
        return ranks;
    }

    /// <inheritdoc/>
    public override void Sum(Span<double> values) =>
        Combine("Sum", MemoryMarshal.AsBytes(values), sizeof(double), _library.Abi.Double, _library.Abi.Sum);

    /// <inheritdoc/>
    public override void Sum(Span<float> values) =>
        Combine("Sum", MemoryMarshal.AsBytes(values), sizeof(float), _library.Abi.Float, _library.Abi.Sum);

    /// <inheritdoc/>
    public override void Max(Span<double> values) =>
        Combine("Max", MemoryMarshal.AsBytes(values), sizeof(double), _library.Abi.Double, _library.Abi.Max);

    /// <inheritdoc/>
    public override void Broadcast(Span<byte> bytes)
    {
        const string Call = "Broadcast (MPI_Ibcast)";
        Enter(Call);
        for (; bytes.Length > 0; bytes = bytes[Math.Min(bytes.Length, _largestPiece)..])
        {
            Settle(Call, _library.Broadcast(bytes[..Math.Min(bytes.Length, _largestPiece)], _communicator, Patience));
        }
    }

    /// <inheritdoc/>
    public override byte[][] Gather(ReadOnlySpan<byte> bytes)
    {
        const string Call = "Gather (MPI_Iallgather)";
        Enter(Call);
        int[] lengths = new int[Size];
        Settle(Call, _library.AllGather(
            MemoryMarshal.AsBytes<int>([bytes.Length]), MemoryMarshal.AsBytes(lengths.AsSpan()), _communicator, Patience));
        byte[][] all = [.. lengths.Select(length => new byte[length])];

        // As many bytes of each rank, some of them of no meaning.
        int longest = lengths.Max();
        int piece = Math.Min(longest, Math.Max(1, _largestPiece / Size));
        byte[] sent = new byte[piece];
        byte[] received = new byte[piece * Size];
        for (int at = 0; at < longest; at += piece)
        {
            Part(bytes, at, piece).CopyTo(sent);
            Settle(Call, _library.AllGather(sent, received, _communicator, Patience));
            for (int rank = 0; rank < Size; rank++)
            {
                int count = Part(all[rank], at, piece).Length;
                received.AsSpan(rank * piece, count).CopyTo(all[rank].AsSpan(Math.Min(at, lengths[rank])));
            }
        }

        return all;

        static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> whole, int at, int most) =>
            at < whole.Length ? whole.Slice(at, Math.Min(most, whole.Length - at)) : [];
    }

    /// <inheritdoc/>
    public override void Abort(int exitCode)
    {
        ArgumentOutOfRangeException.ThrowIfZero(exitCode);
        if (!_isOver)
        {
            _isOver = true;
            _library.Abort(exitCode);
        }

        Environment.Exit(exitCode);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);

        // Ranks that have lost each other cannot take leave: the end of the process ends them all.
        if (_isOver || _failure is not null)
        {
            return;
        }

        const string Call = "Dispose (MPI_Ibarrier)";
        Enter(Call);
        Settle(Call, _library.Barrier(Patience));
        Finish();
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    /// <summary>
    /// A library that does not know the launcher makes of each process a whole of its own: all of them would be the first, and train alone.
    /// </summary>
    private void EnsureAll(Launcher launcher)
    {
        if (launcher.Size is not { } expected || expected == Size)
        {
            return;
        }

        string message = string.Create(
            CultureInfo.InvariantCulture,
            $"The launcher has started {expected} processes, of which {_library.Name} ({_library.File}) sees {Size}: it is not the library "
            + $"of this launcher. {Launcher.LibraryVariable} names another one by its path.");
        if (Size == 1)
        {
            Finish();
        }

        throw new CollectiveException(message);
    }

    private void Finish()
    {
        Settle("MPI_Finalize", _library.Finish());
        _isOver = true;
        AppDomain.CurrentDomain.ProcessExit -= EndOthers;
    }

    private void Combine(string name, Span<byte> values, int width, nint type, nint operation)
    {
        string call = $"{name} (MPI_Iallreduce)";
        Enter(call);
        int most = _largestPiece / width * width;
        for (; values.Length > 0; values = values[Math.Min(values.Length, most)..])
        {
            Span<byte> piece = values[..Math.Min(values.Length, most)];
            Settle(call, _library.AllReduce(piece, piece.Length / width, type, operation, _communicator, Patience));
        }
    }

    private void Enter(string call)
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        if (_failure is not null)
        {
            throw new CollectiveException($"{call}: the ranks have lost each other before. {_failure}");
        }

        if (Environment.CurrentManagedThreadId != _thread)
        {
            throw new InvalidOperationException($"{call} was called from another thread than the one that joined the ranks.");
        }
    }

    private void Settle(string call, int code)
    {
        if (code == 0)
        {
            return;
        }

        string where = string.Create(CultureInfo.InvariantCulture, $"{call} on rank {Rank} of {Size} ({_library.Name})");
        _failure = code == MpiLibrary.OutOfPatience
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{where} waited {Patience.TotalSeconds:0.###} s, and not all other ranks came: one of them hangs, or is slower than that.")
            : $"{where} failed: {_library.Words(code)}";
        throw new CollectiveException(_failure);
    }

    // A rank that ends alone would leave the others waiting; under MPICH one that ends with 0 would end them without a word.
    private void EndOthers(object? sender, EventArgs arguments)
    {
        if (!_isOver)
        {
            _isOver = true;
            _library.Abort(Environment.ExitCode is not 0 and int code ? code : 1);
        }
    }
}
