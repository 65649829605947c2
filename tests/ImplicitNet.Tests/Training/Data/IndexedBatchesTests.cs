using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Data;

/// <summary>A source of one's own is one method; order, cutting and refusals are the library's.</summary>
public sealed class IndexedBatchesTests : TensorTest
{
    [Theory]
    [InlineData(23, 10, 3)]
    [InlineData(20, 10, 2)]
    [InlineData(1, 10, 1)]
    [InlineData(0, 10, 0)]
    [InlineData(3, 1, 3)]
    public void Every_sample_comes_once_an_epoch(int count, int batchSize, int steps)
    {
        Squares source = new(count, batchSize);
        Assert.Equal(steps, source.StepsPerEpoch);
        foreach (IEnumerable<Batch> pass in new[] { source.Epoch(0), source.Epoch(7), source.InOrder() })
        {
            (long[] Indices, double[] Inputs)[] batches = [.. pass.Select(Taken)];
            Assert.Equal(steps, batches.Length);
            Assert.All(batches.SkipLast(1), batch => Assert.Equal(batchSize, batch.Indices.Length));
            Assert.Equal(Enumerable.Range(0, count).Select(index => (long)index), batches.SelectMany(batch => batch.Indices).Order());
            Assert.All(batches, batch => Assert.Equal(batch.Indices.Select(index => (double)(index * index)), batch.Inputs.Select(value => value % 1000)));
        }
    }

    [Fact]
    public void The_order_of_an_epoch_is_the_one_it_always_was()
    {
        // Worked out apart (SplitMix64, Fisher and Yates, in Python): runs that are resumed depend on it.
        Assert.Equal([6, 3, 0, 9, 1, 7, 5, 2, 8, 4], new Squares(10, 4, seed: 1).Order(0));
        Assert.Equal(new Squares(10, 4).Order(3), new Squares(10, 7).Order(3));
        Assert.NotEqual(new Squares(10, 4).Order(3), new Squares(10, 4).Order(4));
        Assert.NotEqual(new Squares(10, 4).Order(3), new Squares(10, 4, seed: 2).Order(3));
    }

    [Fact]
    public void The_epoch_is_told_when_trained_on_and_not_otherwise()
    {
        Squares source = new(3, 3);
        Assert.All(Taken(source.Epoch(5).Single()).Inputs, value => Assert.InRange(value, 5000, 5999));
        Assert.All(Taken(source.InOrder().Single()).Inputs, value => Assert.InRange(value, 0, 999));
        Assert.All(Taken(source.Read([2, 1])).Inputs, value => Assert.InRange(value, 0, 999));
        Assert.All(Taken(source.First(2)).Inputs, value => Assert.InRange(value, 0, 999));
    }

    [Fact]
    public void An_epoch_begun_at_a_later_step_goes_on_as_if_never_left()
    {
        Squares source = new(23, 5);
        double[][] whole = [.. source.Epoch(3).Select(Taken).Select(batch => batch.Inputs)];
        for (int step = 0; step <= 5; step++)
        {
            Assert.Equal(whole[step..], source.Epoch(3, step).Select(Taken).Select(batch => batch.Inputs));
        }
    }

    [Fact]
    public void The_first_samples_come_in_order_and_as_many_as_there_are()
    {
        Squares source = new(3, 2);
        Assert.Equal([0, 1], Taken(source.First(2)).Indices);
        Assert.Equal([0, 1, 2], Taken(source.First(30)).Indices);
        Assert.Throws<ArgumentOutOfRangeException>(() => source.First(0));
        Assert.Throws<InvalidOperationException>(() => new Squares(0, 2).First(1));
    }

    [Fact]
    public void What_is_not_there_is_refused_in_one_line()
    {
        Squares source = new(3, 2);
        string message = Assert.Throws<ArgumentOutOfRangeException>(() => source.Read([0, 3])).Message;
        Assert.Contains("squares has 3 samples, numbered from 0.", message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Read([-1]));
        Assert.Throws<ArgumentException>(() => source.Read([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Epoch(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Epoch(0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Epoch(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Squares(3, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Squares(-1, 1));
    }

    [Fact]
    public void A_source_that_makes_too_few_samples_is_named()
    {
        Squares source = new(3, 3) { Missing = 1 };
        string message = Assert.Throws<InvalidOperationException>(() => source.First(3)).Message;
        Assert.Equal("Squares made a batch of 2 samples when asked for 3.", message);
    }

    private static (long[] Indices, double[] Inputs) Taken(Batch batch)
    {
        using (batch)
        {
            return ([.. batch.Indices.data<long>()], [.. batch.Inputs.data<double>()]);
        }
    }

    /// <summary>A sample is its index squared, and 1000 for each epoch.</summary>
    private sealed class Squares(int count, int batchSize, long seed = 1) : IndexedBatches("squares", count, batchSize, seed)
    {
        public int Missing { get; init; }

        public override object? Identity => null;

        protected override Batch Make(ReadOnlySpan<int> indices, int? epoch)
        {
            double[] values = [.. indices.ToArray().SkipLast(Missing).Select(index => (double)(index * index) + (1000 * (epoch ?? 0)))];
            using IDisposable scope = NewDisposeScope();
            return new Batch(tensor(values), tensor(values));
        }
    }
}
