using ImplicitNet.Benchmarks.Distributed;

namespace ImplicitNet.Tests.Benchmarks;

public sealed class DistributedCommandTests
{
    // Harter 1961, table 1.
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0.56419)]
    [InlineData(3, 0.84628)]
    [InlineData(10, 1.53875)]
    [InlineData(100, 2.50759)]
    [InlineData(1000, 3.24144)]
    public void The_largest_of_normal_numbers_is_that_of_the_tables(int count, double mean) =>
        Assert.Equal(mean, LargestNormal.Mean(count), 4);

    [Fact]
    public void A_sum_takes_the_least_of_three_ways()
    {
        Fabric fabric = new("paper", Latency: 1, Bandwidth: 12e9);
        Assert.Equal(0, fabric.Sum(1, 12e9));

        // Two rounds of a second on its way, one in the wire and one for the addition, of what is small; of what is large three quarters
        // twice in the wire and once added, after six seconds on the way.
        Assert.Equal(2 * (1 + (2 * 0.01)), fabric.Sum(4, 12e7), 9);
        Assert.Equal(4 + (2 * 75) + 75, fabric.Sum(4, 12e11), 9);
        Assert.Equal(4 + (2 * 2.0 / 3 * 100) + (2.0 / 3 * 100), fabric.Sum(3, 12e11), 9);
    }

    [Fact]
    public void One_rank_waits_for_nobody_and_many_for_the_slowest()
    {
        ScalingModel model = new() { Fabric = new Fabric("none", 0, 1e30), Parameters = 1, Overhead = 0, PerSample = 1, DelayRate = 0 };
        Assert.Equal(1, model.Weak(1, 100));
        Assert.Equal(0, model.Waiting(1, 100));
        double deviation = Math.Sqrt(1e-4 + Math.Pow(0.3 * 1.2 / 9.1 / 10, 2));
        Assert.Equal(100 * 3.24144 * deviation, model.Waiting(1000, 100), 3);
        Assert.Equal(30, (model with { DelayRate = 1 }).Waiting(1000, 100), 9);
    }

    [Fact]
    public void A_checkpoint_is_due_as_young_says()
    {
        (double every, double lost) = ScalingModel.Checkpoints(10_000, 5, 1);
        Assert.Equal(Math.Sqrt(2 * 5 * 365.25 * 86_400 / 10_000), every, 9);
        Assert.Equal(2 / every, lost, 9);
    }

    [Fact]
    public void One_process_is_measured_and_waits_for_nobody()
    {
        BenchmarkRun run = BenchmarkRun.Of("distributed", "--batch", "10", "--steps", "2", "--rounds", "5", "--warm-up", "1", "--threads", "1").Succeeded();
        Assert.Matches("^1 rank of 1 thread, 10 samples on each: a step of [0-9.]+ ms, computing [0-9.]+ ms, summing and waiting 0.00 ms", Assert.Single(run.Lines));
    }

    [Fact]
    public void The_model_is_printed_within_80_columns_and_written()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "model.json");
        BenchmarkRun run = BenchmarkRun.Of("distributed", "--model", "--json", path).Succeeded();
        Assert.All(run.Lines, line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains("InfiniBand HDR", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"weak\": 1,", File.ReadAllText(path), StringComparison.Ordinal);
    }
}
