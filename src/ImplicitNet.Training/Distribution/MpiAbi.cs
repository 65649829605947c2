namespace ImplicitNet.Training.Distribution;

/// <summary>
/// What a program that was compiled against an MPI library has of its mpi.h: the values of handles and constants. There are three sets of
/// them in the world, and a library says by its symbols which one is its own.
/// </summary>
/// <remarks>
/// A handle is a pointer, or an int in the low half of one: on x86-64 and AArch64 a callee that takes an int ignores the rest.
/// </remarks>
internal sealed record MpiAbi
{
    /// <summary>In words: "Open MPI".</summary>
    public required string Name { get; init; }

    /// <summary>MPI_COMM_WORLD.</summary>
    public required nint World { get; init; }

    /// <summary>MPI_BYTE.</summary>
    public required nint Byte { get; init; }

    /// <summary>MPI_FLOAT.</summary>
    public required nint Float { get; init; }

    /// <summary>MPI_DOUBLE.</summary>
    public required nint Double { get; init; }

    /// <summary>MPI_SUM.</summary>
    public required nint Sum { get; init; }

    /// <summary>MPI_MAX.</summary>
    public required nint Max { get; init; }

    /// <summary>MPI_ERRORS_RETURN.</summary>
    public required nint ErrorsReturn { get; init; }

    /// <summary>MPI_IN_PLACE.</summary>
    public required nint InPlace { get; init; }

    /// <summary>MPI_STATUS_IGNORE.</summary>
    public required nint StatusIgnore { get; init; }

    /// <summary>MPI_THREAD_FUNNELED; more is larger.</summary>
    public required int Funneled { get; init; }

    /// <summary>Of MPICH, and of all that keep to its ABI: Intel MPI, MVAPICH, Cray.</summary>
    public static MpiAbi Mpich { get; } = new()
    {
        Name = "MPICH",
        World = 0x44000000,
        Byte = 0x4c00010d,
        Float = 0x4c00040a,
        Double = 0x4c00080b,
        Sum = 0x58000003,
        Max = 0x58000001,
        ErrorsReturn = 0x54000001,
        InPlace = -1,
        StatusIgnore = 1,
        Funneled = 1,
    };

    /// <summary>That of the standard, from MPI 5.0 on.</summary>
    public static MpiAbi Standard { get; } = new()
    {
        Name = "the MPI standard",
        World = 0x101,
        Byte = 0x247,
        Float = 0x210,
        Double = 0x214,
        Sum = 0x21,
        Max = 0x23,
        ErrorsReturn = 0x143,
        InPlace = 1,
        StatusIgnore = 0,
        Funneled = 1024,
    };

    /// <summary>Of Open MPI, whose handles are the addresses of objects in the library.</summary>
    /// <param name="address">Of a symbol.</param>
    public static MpiAbi OpenMpi(Func<string, nint> address) => new()
    {
        Name = "Open MPI",
        World = address("ompi_mpi_comm_world"),
        Byte = address("ompi_mpi_byte"),
        Float = address("ompi_mpi_float"),
        Double = address("ompi_mpi_double"),
        Sum = address("ompi_mpi_op_sum"),
        Max = address("ompi_mpi_op_max"),
        ErrorsReturn = address("ompi_mpi_errors_return"),
        InPlace = 1,
        StatusIgnore = 0,
        Funneled = 1,
    };
}
