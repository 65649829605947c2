using System.Globalization;

namespace ImplicitNet.Training.Distribution;

/// <summary>
/// What the environment says of a launcher that starts a program several times at once, as mpirun, srun and torchrun do.
/// </summary>
/// <param name="variable">The environment.</param>
internal sealed class Launcher(Func<string, string?> variable)
{
    /// <summary>Names the MPI library to take, by its path.</summary>
    public const string LibraryVariable = "IMPLICITNET_MPI";

    private const string OpenMpi = "libmpi.so.40";
    private const string Standard = "libmpi_abi.so.1";

    // Debian's name and everybody else's.
    private static readonly string[] Mpich = ["libmpich.so.12", "libmpi.so.12"];

    // A count of processes, and the launcher that sets it for each of them.
    private static readonly (string Variable, string Name)[] Sizes =
    [
        ("OMPI_COMM_WORLD_SIZE", "mpirun (Open MPI)"),
        ("PMI_SIZE", "mpirun"),
        ("MV2_COMM_WORLD_SIZE", "mpirun (MVAPICH2)"),
        ("PALS_SIZE", "mpiexec (PALS)"),
        ("JSM_NAMESPACE_SIZE", "jsrun"),
        ("FLUX_JOB_SIZE", "flux"),
        ("SLURM_STEP_NUM_TASKS", "srun"),
    ];

    // A number from 0: only one of several processes has one above.
    private static readonly (string Variable, string Name)[] Ranks =
    [
        ("OMPI_COMM_WORLD_RANK", "mpirun (Open MPI)"),
        ("PMIX_RANK", "mpirun (PMIx)"),
        ("PMI_RANK", "mpirun"),
        ("MV2_COMM_WORLD_RANK", "mpirun (MVAPICH2)"),
        ("PALS_RANKID", "mpiexec (PALS)"),
        ("JSM_NAMESPACE_RANK", "jsrun"),
        ("FLUX_TASK_RANK", "flux"),
        ("SLURM_PROCID", "srun"),
    ];

    // By one of these an MPI library finds the process manager, from which it hears of the other ranks.
    private static readonly string[] Managers =
    [
        "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMIX_NAMESPACE", "PMI_RANK", "PMI_SIZE", "PMI_FD", "PMI_JOBID",
        "PMI_CONTROL_PORT", "PMI_SHARED_SECRET", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK",
    ];

    private static readonly string[] Prefixes =
    [
        "OMPI_", "PMI_", "PMI2_", "PMIX_", "PRTE_", "HYDI_", "HYDRA_", "MPI_LOCAL", "MV2_", "PALS_", "JSM_", "FLUX_", "SLURM_STEP",
        "SLURM_PROCID",
    ];

    /// <summary>That of this process.</summary>
    public static Launcher OfProcess => new(Environment.GetEnvironmentVariable);

    /// <summary>How many processes it says that it has started; null where it says nothing.</summary>
    public int? Size => First(Sizes, 0)?.Value;

    /// <summary>The number of this process, as far as the launcher says it; else 0.</summary>
    public int Rank => First(Ranks, 0)?.Value ?? 0;

    /// <summary>Whether an MPI library would find other ranks through it, if there are any.</summary>
    public bool IsOfMpi => Managers.Any(name => variable(name) is { Length: > 0 });

    /// <summary>Whether what looks like a terminal of this process is the launcher's: Open MPI gives each of them a pty.</summary>
    public bool OwnsTerminal => MayBeOfSeveral || variable("OMPI_COMM_WORLD_SIZE") is not null;

    /// <summary>Whether this is one of several processes, or may be one.</summary>
    public bool MayBeOfSeveral => Several is not null || (IsOfMpi && Size is null);

    /// <summary>That this is one of several processes, in words; null where it is alone, as far as the launcher says.</summary>
    public string? Several
    {
        get
        {
            if ((First(Sizes, 2) ?? First([("MPI_LOCALNRANKS", "mpirun")], 2) ?? First(Ranks, 1)) is { } found)
            {
                return Words(found.Name, found.Variable, found.Value);
            }

            // A batch script has the tasks of its job and the number 0 too, but runs once; so does a step that says it has one task.
            bool isStep = Number("SLURM_PROCID") is not null && Number("SLURM_STEP_NUM_TASKS") is null
                && variable("ENVIRONMENT") != "BATCH";
            if (isStep && Number("SLURM_NTASKS") is > 1 and { } tasks)
            {
                return Words("srun", "SLURM_NTASKS", tasks);
            }

            return Number("WORLD_SIZE") is > 1 and { } world && Number("RANK") is not null ? Words("torchrun", "WORLD_SIZE", world) : null;
        }
    }

    /// <summary>Names of MPI libraries that may be there, those of this launcher first.</summary>
    public IReadOnlyList<string> Libraries =>
        variable(LibraryVariable) is { Length: > 0 } path ? [path]
        : variable("OMPI_COMM_WORLD_SIZE") is null && variable("PMI_RANK") is not null ? [.. Mpich, Standard, OpenMpi]
        : [OpenMpi, Standard, .. Mpich];

    /// <summary>
    /// Whether a variable is one by which a launcher tells a process which of several it is. A process that one of these starts on its
    /// own has them too, and is none of them.
    /// </summary>
    /// <param name="name">The variable's name.</param>
    public static bool Sets(string name) => Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    private (string Variable, string Name, int Value)? First((string Variable, string Name)[] names, int least)
    {
        foreach ((string name, string launcher) in names)
        {
            if (Number(name) is { } value && value >= least)
            {
                return (name, launcher, value);
            }
        }

        return null;
    }

    private int? Number(string name) =>
        int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static string Words(string launcher, string name, int value) =>
        string.Create(CultureInfo.InvariantCulture, $"this is one of several processes of {launcher} ({name} is {value})");
}
