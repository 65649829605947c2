using ImplicitNet.Training.Data;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.utils.data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class LoaderBatchesTests : TensorTest
{
    private static readonly long[] Ten = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

    [Theory]
    [InlineData(false, true, 10, 3)]
    [InlineData(false, false, 10, 3)]
    [InlineData(true, true, 8, 2)]
    [InlineData(true, false, 8, 2)]
    public void A_loader_gives_its_samples_whoever_frees_them(bool dropLast, bool disposeBatch, int count, int steps)
    {
        using Numbers data = new(10);
        using DataLoader loader = new(data, 4, drop_last: dropLast, disposeBatch: disposeBatch, disposeDataset: false);
        LoaderBatches source = BatchSource.FromLoader(loader, "x", "y", "weight", seed: 7, name: "numbers");
        Assert.Equal(("numbers", count, steps, 7L, false), (source.Name, source.Count, source.StepsPerEpoch, source.Seed, source.IsRepeatable));
        Assert.Null(source.Identity);
        for (int epoch = 0; epoch < 2; epoch++)
        {
            // Kept over the whole pass: a batch is not the loader's to free.
            List<Batch> batches = [.. source.Epoch(epoch)];
            Assert.Equal(Ten[..count].Select(number => (float)number), batches.SelectMany(batch => batch.Inputs.data<float>()));
            Assert.Equal(Ten[..count].Select(number => number * 10), batches.SelectMany(batch => batch.Targets.data<long>()));
            Assert.All(batches, batch => Assert.All(batch.Weights!.data<double>(), weight => Assert.Equal(0.5, weight)));
            Assert.All(batches, batch => Assert.Equal(["mask"], batch.More.Keys));
            Assert.All(batches, batch => Assert.Equal([batch.Count, 2], batch.More["mask"].shape));
            Assert.DoesNotContain(batches, batch => batch.HasIndices);
            batches.ForEach(batch => batch.Dispose());
        }
    }

    [Fact]
    public void A_loader_shuffles_as_it_was_told_to()
    {
        using Numbers data = new(10);
        using DataLoader loader = new(data, 4, shuffle: true, seed: 5, disposeDataset: false);
        LoaderBatches source = BatchSource.FromLoader(loader, "x", "y");
        long[] epoch = Targets(source.Epoch(0));
        Assert.NotEqual(Ten.Select(number => 10 * number), epoch);
        Assert.Equal(Ten.Select(number => 10 * number), epoch.Order());
        Assert.Equal(epoch, Targets(source.InOrder()));
    }

    [Fact]
    public void Workers_give_the_same_batches()
    {
        using Numbers data = new(10);
        using DataLoader loader = new(data, 3, num_worker: 3, disposeDataset: false);
        LoaderBatches source = BatchSource.FromLoader(loader, "x", "y");
        long before = Tensor.TotalCount;

        // They make tensors on threads of their own and this one frees them: what is counted by thread does not come out.
        long counted = 0;
        Thread reader = new(() => counted = Targets(source.Epoch(0)).Order().SequenceEqual(Ten.Select(number => 10 * number)) ? 10 : -1);
        reader.Start();
        reader.Join();
        Assert.Equal(10, counted);
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void A_sampler_that_takes_a_part_is_counted_right()
    {
        using Numbers data = new(10);
        using DataLoader loader = new(data, 2, [7L, 1L, 3L], disposeDataset: false);
        LoaderBatches source = BatchSource.FromLoader(loader, "x", "y");
        Assert.Equal((3, 2), (source.Count, source.StepsPerEpoch));
        Assert.Equal([70, 10, 30], Targets(source.Epoch(0)));
    }

    [Fact]
    public void Tensors_without_names_are_inputs_and_targets()
    {
        using DisposeScope scope = NewDisposeScope();
        using IterableDataLoader two = new(TensorDataset(arange(5), arange(5) * 10), 2, shuffle: false);
        using IterableDataLoader three = new(TensorDataset(arange(5), arange(5) * 10, ones(5)), 2, shuffle: false);
        using IterableDataLoader one = new(TensorDataset(arange(5)), 2, shuffle: false);
        Assert.Equal([0, 10, 20, 30, 40], Targets(BatchSource.FromLoader(two).Epoch(0)));
        using (Batch batch = BatchSource.FromLoader(three).First(3))
        {
            Assert.Equal([1f, 1f, 1f], batch.Weights!.data<float>());
        }

        string message = Assert.Throws<InvalidOperationException>(() => BatchSource.FromLoader(one).First(3)).Message;
        Assert.Equal("A batch is inputs, targets and perhaps weights; the loader gives 1 tensors.", message);
    }

    [Fact]
    public void A_key_that_is_not_there_is_named_with_those_that_are()
    {
        using Numbers data = new(10);
        using DataLoader loader = new(data, 4, disposeDataset: false);
        string message = Assert.Throws<InvalidOperationException>(() => BatchSource.FromLoader(loader, "x", "label").First(1)).Message;
        Assert.Equal("The loader gives no 'label'; it gives 'x', 'y', 'weight', 'mask'.", message);
    }

    [Fact]
    public void What_makes_no_batch_leaves_no_tensor_behind()
    {
        using Numbers data = new(10);
        using DataLoader loader = new(data, 4, disposeBatch: false, disposeDataset: false);
        Assert.Throws<ArgumentException>(() => BatchSource.FromLoader(loader, "x", "y", "y").First(1)); // whole numbers are no weights
    }

    [Fact]
    public void Anything_that_can_be_enumerated_is_a_source()
    {
        LoaderBatches source = BatchSource.FromBatches(Made(2, 3, 1), name: "made");
        Assert.Equal(("made", 6, 3), (source.Name, source.Count, source.StepsPerEpoch));
        Assert.Equal([0, 1, 100, 101, 102, 200], Targets(source.Epoch(0)));
        Assert.Equal([0, 1, 100, 101, 102, 200], Targets(source.Epoch(1)));
        Assert.Equal([0, 1, 100, 101, 102, 200], Targets(source.InOrder()));
    }

    [Fact]
    public void A_size_that_is_announced_spares_the_counting_and_is_held_to()
    {
        int passes = 0;
        IEnumerable<Batch> Counted()
        {
            passes++;
            foreach (Batch batch in Made(2, 3))
            {
                yield return batch;
            }
        }

        LoaderBatches source = BatchSource.FromBatches(Counted(), (5, 2));
        Assert.Equal(0, passes);
        Assert.Equal([0, 1, 100, 101, 102], Targets(source.Epoch(0)));
        Assert.Equal(1, passes);
        Refused(BatchSource.FromBatches(Made(2, 3), (6, 3), name: "made"), "made has 6 samples in 3 batches, and this pass gave 5 in 2.");
        Refused(BatchSource.FromBatches(Made(2, 3), (5, 1), name: "made"), "made has 5 samples in 1 batches, and this pass gave more than that: 5 in 2 so far.");
        Refused(BatchSource.FromBatches(Made(2, 3), (4, 2), name: "made"), "made has 4 samples in 2 batches, and this pass gave more than that: 5 in 2 so far.");
    }

    [Fact]
    public void A_list_of_batches_lasts_for_one_pass_and_says_so()
    {
        List<Batch> list = [.. Made(2, 2)];
        LoaderBatches source = BatchSource.FromBatches(list, (4, 2), name: "list");
        Assert.Equal([0, 1, 100, 101], Targets(source.Epoch(0)));
        Refused(source, "list gave a batch that an earlier pass has freed");
    }

    [Fact]
    public void The_first_samples_are_joined_over_batches()
    {
        LoaderBatches source = BatchSource.FromBatches(Made(2, 3, 1));
        foreach ((int asked, long[] expected) in new (int, long[])[] { (1, [0]), (2, [0, 1]), (4, [0, 1, 100, 101]), (9, [0, 1, 100, 101, 102, 200]) })
        {
            using Batch first = source.First(asked);
            Assert.Equal(expected, first.Targets.data<long>());
            Assert.Equal(expected, first.Indices.data<long>());
            Assert.Equal(expected.Select(value => (double)value), first.Weights!.data<double>());
            Assert.Equal(expected.Select(value => (float)value), first.More["again"].data<float>());
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => source.First(0));
        Assert.Throws<InvalidOperationException>(() => BatchSource.FromBatches([]).First(1));
        string missing = Assert.Throws<InvalidOperationException>(() => BatchSource.FromBatches([null!], name: "mine")).Message;
        Assert.Equal("mine gave a batch that is null.", missing);
    }

    [Fact]
    public void An_epoch_cannot_begin_in_the_middle()
    {
        LoaderBatches source = BatchSource.FromBatches(Made(2), name: "made");
        string message = Assert.Throws<ArgumentOutOfRangeException>(() => source.Epoch(0, 1)).Message;
        Assert.Contains("made is read from the front: an epoch of a loader cannot begin at a later step.", message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Epoch(-1));
    }

    [Fact]
    public void Nothing_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => BatchSource.FromLoader(null!, "x", "y"));
        Assert.Throws<ArgumentNullException>(() => BatchSource.FromLoader(null!));
        Assert.Throws<ArgumentNullException>(() => BatchSource.FromBatches(null!));
    }

    private static void Refused(LoaderBatches source, string message)
    {
        string actual = Assert.Throws<InvalidOperationException>(() => Targets(source.Epoch(0))).Message;
        Assert.Contains(message, actual, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', actual);
    }

    private static long[] Targets(IEnumerable<Batch> batches)
    {
        List<long> values = [];
        foreach (Batch batch in batches)
        {
            using Batch owned = batch;
            values.AddRange(batch.Targets.data<long>());
        }

        return [.. values];
    }

    private static IEnumerable<Batch> Made(params int[] sizes)
    {
        for (int step = 0; step < sizes.Length; step++)
        {
            long[] values = [.. Enumerable.Range(0, sizes[step]).Select(row => (100L * step) + row)];
            yield return new Batch(
                tensor(values), tensor(values), tensor(values.Select(value => (double)value).ToArray()), tensor(values))
            {
                More = new Dictionary<string, Tensor> { ["again"] = tensor(values.Select(value => (float)value).ToArray()) },
            };
        }
    }

    private sealed class Numbers(long count) : Dataset
    {
        public override long Count => count;

        public override Dictionary<string, Tensor> GetTensor(long index) => new()
        {
            ["x"] = tensor((float)index),
            ["y"] = tensor(index * 10),
            ["weight"] = tensor(0.5),
            ["mask"] = ones(2),
        };
    }
}
