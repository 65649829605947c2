using ImplicitNet.Cli;
using ImplicitNet.Training.Distribution;

namespace ImplicitNet.Tests.Cli;

/// <summary>One process of several makes no run of its own; one that is alone is never refused.</summary>
public sealed class LauncherTests : TensorTest
{
    [Theory]
    [InlineData("OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0 PMIX_RANK=0")]
    [InlineData("OMPI_COMM_WORLD_SIZE=4")]
    [InlineData("PMI_SIZE=2 PMI_RANK=0")]
    [InlineData("PMI_RANK=1")]
    [InlineData("PMIX_RANK=3 PMIX_NAMESPACE=x")]
    [InlineData("MV2_COMM_WORLD_SIZE=8 MV2_COMM_WORLD_RANK=0")]
    [InlineData("MV2_COMM_WORLD_RANK=7")]
    [InlineData("SLURM_STEP_NUM_TASKS=2 SLURM_NTASKS=2 SLURM_PROCID=0")]
    [InlineData("SLURM_STEP_NUM_TASKS=2 SLURM_NTASKS=2 SLURM_PROCID=0 ENVIRONMENT=BATCH")]
    [InlineData("SLURM_NTASKS=2 SLURM_PROCID=0")]
    [InlineData("SLURM_NTASKS=2 SLURM_PROCID=1")]
    [InlineData("WORLD_SIZE=2 RANK=0 LOCAL_RANK=0")]
    [InlineData("FLUX_JOB_SIZE=2")]
    public void Several_processes_are_found_out(string environment) => Assert.NotNull(Describe(environment));

    [Theory]
    [InlineData("")]
    [InlineData("OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0 PMIX_RANK=0")]
    [InlineData("PMI_SIZE=1 PMI_RANK=0")]
    [InlineData("SLURM_NTASKS=1 SLURM_PROCID=0 SLURM_JOB_ID=7")]
    [InlineData("SLURM_NTASKS=4 SLURM_JOB_ID=7")]
    [InlineData("SLURM_NTASKS=4 SLURM_PROCID=0 ENVIRONMENT=BATCH SLURM_JOB_ID=7")]
    [InlineData("SLURM_NTASKS=4 SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1")]
    [InlineData("SLURM_STEP_NUM_TASKS=1 SLURM_NTASKS=1 SLURM_PROCID=0")]
    [InlineData("WORLD_SIZE=1 RANK=0")]
    [InlineData("WORLD_SIZE=9")]
    [InlineData("OMPI_COMM_WORLD_SIZE=many")]
    public void One_process_is_left_alone(string environment) => Assert.Null(Describe(environment));

    [Theory]
    [InlineData("compare --epochs 1")]
    [InlineData("reproduce mnist --hours 1")]
    [InlineData("import x.pth --network mnist-fpn --gamma 0.5 --output x")]
    [InlineData("export --model x --pytorch x.pth")]
    [InlineData("memory")]
    [InlineData("evaluate --model x")]
    [InlineData("audit --model x")]
    public void A_command_that_does_not_run_on_several_ranks_refuses_in_one_line(string arguments) =>
        Under("OMPI_COMM_WORLD_SIZE", () => CliRun.Of(arguments.Split(' ')).Failed(1, "several processes", "OMPI_COMM_WORLD_SIZE is 2"));

    /// <summary>As srun starts them without --mpi.</summary>
    [Fact]
    public void Train_refuses_ranks_that_cannot_find_each_other() =>
        Under("SLURM_STEP_NUM_TASKS", () => CliRun.Of("train", "--epochs", "1").Failed(1, "several processes", "SLURM_STEP_NUM_TASKS is 2"));

    [Fact]
    public void A_process_that_a_command_starts_is_on_its_own() => Under("OMPI_COMM_WORLD_SIZE", () =>
    {
        (int code, string line, string error) =
            OwnProcess.Run(["info", "--json"], static () => { }, new Dictionary<string, string>(), CancellationToken.None);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("\"ranks\":1,", line, StringComparison.Ordinal);
    });

    private static void Under(string variable, Action test)
    {
        Environment.SetEnvironmentVariable(variable, "2");
        try
        {
            test();
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }

    private static string? Describe(string environment)
    {
        Dictionary<string, string> variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => text.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        return new Launcher(name => variables.GetValueOrDefault(name)).Several;
    }
}
