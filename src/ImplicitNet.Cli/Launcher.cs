using System.Globalization;

namespace ImplicitNet.Cli;

/// <summary>
/// What the environment says of a launcher that starts a program several times at once, as mpirun, srun and torchrun do. Each of them would
/// make a whole run of its own here, and all of them into one folder.
/// </summary>
internal static class Launcher
{
    // A count of processes, and the launcher that sets it for each of them.
    private static readonly (string Variable, string Name)[] Sizes =
    [
        ("OMPI_COMM_WORLD_SIZE", "mpirun (Open MPI)"),
        ("PMI_SIZE", "mpirun"),
        ("MV2_COMM_WORLD_SIZE", "mpirun (MVAPICH2)"),
        ("MPI_LOCALNRANKS", "mpirun"),
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

    /// <summary>Refuses to write under a launcher of several processes.</summary>
    /// <exception cref="CommandException">There is one.</exception>
    public static void RefuseRanks()
    {
        if (Describe(name => Environment.GetEnvironmentVariable(name)) is { } found)
        {
            throw new CommandException($"{found}. Training on several ranks is not possible yet: start one process, without the launcher.");
        }
    }

    /// <summary>Which launcher of several processes started this one; null for none.</summary>
    /// <param name="variable">The environment.</param>
    public static string? Describe(Func<string, string?> variable)
    {
        foreach ((string name, string launcher) in Sizes)
        {
            if (Number(name) is > 1 and { } size)
            {
                return Words(launcher, name, size);
            }
        }

        foreach ((string name, string launcher) in Ranks)
        {
            if (Number(name) is > 0 and { } rank)
            {
                return Words(launcher, name, rank);
            }
        }

        // A batch script has the tasks of its job and the number 0 too, but runs once; so does a step that says it has one task.
        bool isStep = Number("SLURM_PROCID") is not null && Number("SLURM_STEP_NUM_TASKS") is null && variable("ENVIRONMENT") != "BATCH";
        if (isStep && Number("SLURM_NTASKS") is > 1 and { } tasks)
        {
            return Words("srun", "SLURM_NTASKS", tasks);
        }

        return Number("WORLD_SIZE") is > 1 and { } world && Number("RANK") is not null ? Words("torchrun", "WORLD_SIZE", world) : null;

        int? Number(string name) =>
            int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

        static string Words(string launcher, string name, int value) =>
            string.Create(CultureInfo.InvariantCulture, $"this is one of several processes of {launcher} ({name} is {value})");
    }
}
