using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Kernels;

public sealed class ThreadTeamTests
{
    private const long Much = 1 << 20;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    [InlineData(1000, 1)]
    [InlineData(1000, 2)]
    [InlineData(1000, 7)]
    public void Every_item_is_done_once(int items, int threads) => WithThreads(threads, () =>
    {
        int[] done = new int[items];
        ThreadTeam.Run(items, Much, item => Interlocked.Increment(ref done[item]));
        Assert.All(done, count => Assert.Equal(1, count));
    });

    [Fact]
    public void Two_threads_of_torch_do_two_items_at_the_same_time() => WithThreads(2, () =>
    {
        using Barrier both = new(2);
        bool[] met = new bool[2];
        ThreadTeam.Run(2, Much, item => met[item] = both.SignalAndWait(TimeSpan.FromSeconds(30)));
        Assert.Equal([true, true], met);
    });

    [Fact]
    public void What_is_little_stays_on_the_calling_thread() => WithThreads(2, () =>
    {
        int own = Environment.CurrentManagedThreadId;
        List<int> threads = [];
        ThreadTeam.Run(50, 1000, _ => threads.Add(Environment.CurrentManagedThreadId));
        Assert.Equal(50, threads.Count);
        Assert.All(threads, thread => Assert.Equal(own, thread));
    });

    [Fact]
    public void An_exception_comes_back_to_the_caller_and_the_next_run_works() => WithThreads(2, () =>
    {
        for (int round = 0; round < 3; round++)
        {
            InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(
                () => ThreadTeam.Run(100, Much, item => throw new InvalidOperationException($"item {item}")));
            Assert.StartsWith("item ", thrown.Message, StringComparison.Ordinal);
            int sum = 0;
            ThreadTeam.Run(100, Much, item => Interlocked.Add(ref sum, item));
            Assert.Equal(4950, sum);
        }
    });

    [Fact]
    public async Task Several_callers_do_not_disturb_each_other()
    {
        Task<long>[] callers = [.. Enumerable.Range(0, 4).Select(caller => Task.Run(() =>
        {
            long sum = 0;
            for (int round = 0; round < 50; round++)
            {
                ThreadTeam.Run(100, Much, item => Interlocked.Add(ref sum, item + caller));
            }

            return sum;
        }))];
        long[] sums = await Task.WhenAll(callers);
        Assert.Equal([.. Enumerable.Range(0, 4).Select(caller => 50L * (4950 + (100 * caller)))], sums);
    }

    private static void WithThreads(int threads, Action action)
    {
        int before = get_num_threads();
        ThreadCount.Set(threads);
        try
        {
            action();
        }
        finally
        {
            ThreadCount.Set(before);
        }
    }
}
