using ImplicitNet.Tests.Cli;
using ImplicitNet.Training.Distribution;

namespace ImplicitNet.Tests.Distribution;

/// <summary>Ranks over both libraries of this machine: what they compute together, and how they end where one of them cannot go on.</summary>
public sealed class MpiTests
{
    [Theory]
    [InlineData(RankJob.OpenMpi, "Open MPI")]
    [InlineData(RankJob.Mpich, "MPICH")]
    public void Every_call_gives_the_right_values_with_the_same_bits_on_all_ranks(string launcher, string name)
    {
        RankJob.SkipWithout(launcher);
        RankJob[] jobs = [.. Enumerable.Range(1, 4).Select(size => RankJob.Start(launcher, size, "values", size == 3 ? [(RankProgram.PieceVariable, "1000")] : []))];
        foreach ((int size, RankJob job) in Enumerable.Range(1, 4).Zip(jobs))
        {
            using RankJob ended = job;
            CliRun run = job.Wait();
            Assert.True(run.Code == 0, run.Output + run.Error);
            Assert.Equal(Enumerable.Range(0, size).Select(rank => $"{rank}/{size}"), RankJob.Told(run).Select(line => line.Split(' ')[0]));
            string same = Assert.Single(RankJob.Told(run).Select(line => line[line.IndexOf(' ', StringComparison.Ordinal)..]).Distinct());
            Assert.Matches(size == 1 ? "^ one process [0-9A-F]{64}$" : $"^ {name} .*, {size} ranks [0-9A-F]{{64}}$", same);
        }
    }

    [Theory]
    [InlineData(RankJob.OpenMpi)]
    [InlineData(RankJob.Mpich)]
    public void A_rank_that_ends_alone_ends_the_others(string launcher)
    {
        RankJob.SkipWithout(launcher);
        string[] ways = ["kill", "throw", "exit", "return", "abort"];
        RankJob[] jobs = [.. ways.Select(way => RankJob.Start(launcher, 2, way))];
        foreach ((string way, RankJob job) in ways.Zip(jobs))
        {
            using RankJob ended = job;
            CliRun run = job.Wait();
            Assert.True(run.Code != 0 && (way != "abort" || run.Code == 7), $"{way}: {run.Code}");
            Assert.Empty(RankJob.Told(run));
            job.AssertGone();
        }
    }

    [Theory]
    [InlineData(RankJob.OpenMpi)]
    [InlineData(RankJob.Mpich)]
    public void A_rank_that_does_not_come_is_waited_for_with_patience(string launcher)
    {
        RankJob.SkipWithout(launcher);
        string[] ways = ["stop", "leave"];
        RankJob[] jobs = [.. ways.Select(way => RankJob.Start(launcher, 2, way, (RankProgram.PatienceVariable, "2")))];
        foreach ((string way, RankJob job) in ways.Zip(jobs))
        {
            using RankJob ended = job;
            CliRun run = job.Wait();
            Assert.Equal(4, run.Code);
            Assert.NotEmpty(RankJob.Told(run));
            Assert.All(RankJob.Told(run), line => Assert.Matches("on rank [01] of 2 .* waited 2 s, and not all other ranks came", line));
            Assert.True(way == "leave" || RankJob.Told(run)[0].Contains("Sum (MPI_Iallreduce) on rank 0 of 2", StringComparison.Ordinal), run.Output);
            job.AssertGone();
        }
    }

    [Theory]
    [InlineData(RankJob.OpenMpi, "libmpich.so.12", "MPICH")]
    [InlineData(RankJob.Mpich, "libmpi.so.40", "Open MPI")]
    public void A_library_that_is_not_the_launchers_is_refused(string launcher, string library, string name)
    {
        RankJob.SkipWithout(launcher);
        RankJob.SkipWithout(launcher == RankJob.OpenMpi ? RankJob.Mpich : RankJob.OpenMpi);
        using RankJob job = RankJob.Start(launcher, 2, "values", (Launcher.LibraryVariable, library));
        CliRun run = job.Wait();

        Assert.Equal(3, run.Code);
        Assert.Empty(RankJob.Told(run));
        Assert.Matches($"The launcher has started 2 processes, of which {name} [^ ]+ \\({library}\\) sees 1: it is not the library", run.Error + run.Output);
    }

    [Fact]
    public void Where_there_is_no_launcher_no_library_is_touched()
    {
        TimeSpan patience = TimeSpan.FromSeconds(5);
        foreach (string environment in (string[])["", "OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0 PMIX_RANK=0", "PMI_SIZE=1 PMI_RANK=0", "SLURM_NTASKS=4"])
        {
            using Collective alone = Mpi.Join(patience, Of($"{environment} {Launcher.LibraryVariable}=/no/such/library"));
            Assert.IsType<SingleProcess>(alone);
            Assert.Equal(patience, alone.Patience);
        }
    }

    [Theory]
    [InlineData("SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=0", "SLURM_STEP_NUM_TASKS is 2", "srun --mpi=pmi2 (MPICH)")]
    [InlineData("WORLD_SIZE=2 RANK=0", "torchrun", "mpirun")]
    [InlineData("PMI_SIZE=2 PMI_RANK=0 IMPLICITNET_MPI=/no/such/library", "There is no MPI library: /no/such/library cannot be loaded", "IMPLICITNET_MPI")]
    [InlineData("PMIX_RANK=0 IMPLICITNET_MPI=libc.so.6", "libc.so.6 is no MPI library", "MPI_Init_thread")]
    public void What_cannot_be_joined_is_refused_in_one_line(string environment, string text, string other)
    {
        string message = Assert.Throws<CollectiveException>(() => Mpi.Join(TimeSpan.FromSeconds(1), Of(environment))).Message;
        Assert.Contains(text, message, StringComparison.Ordinal);
        Assert.Contains(other, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("OMPI_COMM_WORLD_SIZE=2 PMIX_RANK=0", "libmpi.so.40")]
    [InlineData("PMI_RANK=0 PMI_SIZE=2", "libmpich.so.12 libmpi.so.12")]
    [InlineData("PMIX_RANK=0", "libmpi.so.40")]
    [InlineData("", "libmpi.so.40")]
    [InlineData("PMI_RANK=0 IMPLICITNET_MPI=/opt/mpi/libmpi.so", "/opt/mpi/libmpi.so")]
    public void The_launchers_own_library_comes_first(string environment, string first) =>
        Assert.StartsWith(first, string.Join(' ', Of(environment).Libraries), StringComparison.Ordinal);

    [Theory]
    [InlineData("OMPI_COMM_WORLD_RANK", true)]
    [InlineData("PMI_FD", true)]
    [InlineData("PMIX_NAMESPACE", true)]
    [InlineData("SLURM_STEP_NUM_TASKS", true)]
    [InlineData("SLURM_PROCID", true)]
    [InlineData("SLURM_JOB_ID", false)]
    [InlineData("OMP_NUM_THREADS", false)]
    [InlineData("PATH", false)]
    [InlineData(Launcher.LibraryVariable, false)]
    public void A_process_of_ones_own_is_started_without_the_launchers_variables(string name, bool isTaken) => Assert.Equal(isTaken, Launcher.Sets(name));

    private static Launcher Of(string environment)
    {
        Dictionary<string, string> variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => text.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        return new Launcher(name => variables.GetValueOrDefault(name));
    }
}
