using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Data;

public sealed class TensorBatchesTests : TensorTest
{
    public static TheoryData<ScalarType, long[]> Kinds => new()
    {
        { ScalarType.Float32, [23] }, { ScalarType.Float64, [23, 3] }, { ScalarType.Int64, [23] }, { ScalarType.Bool, [23, 2] }, { ScalarType.Byte, [23, 3, 2, 2] },
        { ScalarType.BFloat16, [23, 1] }, { ScalarType.ComplexFloat64, [23, 2] }, { ScalarType.Float32, [23, 0] }, { ScalarType.Int32, [1, 4] },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_row_comes_with_its_partner_as_it_was_given(ScalarType dtype, long[] shape)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = (rand(shape, ScalarType.Float32) * 9).to(dtype), y = arange(shape[0], ScalarType.Int64) * 10, weights = arange(shape[0], ScalarType.Float64);
        TensorBatches source = BatchSource.From(x, y, batchSize: 10, seed: 3, weights);
        Assert.Equal(("tensors", (int)shape[0], 10, 3L, true), (source.Name, source.Count, source.BatchSize, source.Seed, source.IsRepeatable));
        foreach (Batch batch in source.Epoch(2).Concat(source.InOrder()))
        {
            using Batch owned = batch;
            Assert.Equal([batch.Count, .. shape[1..]], batch.Inputs.shape);
            Assert.Equal((dtype, ScalarType.Int64, ScalarType.Float64), (batch.Inputs.dtype, batch.Targets.dtype, batch.Weights!.dtype));
            Assert.True(AreSame(batch.Inputs, x.index_select(0, batch.Indices)));
            Assert.True(AreSame(batch.Targets, batch.Indices * 10));
            Assert.True(AreSame(batch.Weights, batch.Indices.to(ScalarType.Float64)));
        }
    }

    [Fact]
    public void Without_shuffling_every_epoch_comes_in_the_order_of_the_source_and_so_do_its_parts()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = arange(23, ScalarType.Float32);
        TensorBatches source = BatchSource.From(x, x, batchSize: 5, isShuffled: false), shuffled = BatchSource.From(x, x, batchSize: 5);
        Assert.True(shuffled.IsShuffled);
        Assert.Equal(x.data<float>().ToArray(), Inputs(source));
        foreach (int epoch in (int[])[0, 7])
        {
            Assert.Equal(Inputs(source), Inputs(source, epoch));
            Assert.NotEqual(Inputs(source), Inputs(shuffled, epoch));
        }

        (TensorBatches train, TensorBatches heldOut) = source.Split(0.2);
        Assert.Equal(Inputs(train).Order(), Inputs(train, 3));
        Assert.Equal((false, false), (train.IsShuffled, heldOut.IsShuffled));
        TextBatches text = new("implicit networks", 2, Vocabulary.Of("implicit networks"), null, "text", 2, 1) { IsShuffled = false };
        Assert.False(text.Split(0.4).Train.IsShuffled);
    }

    [Fact]
    public void Rows_of_a_view_that_needs_a_gradient_are_plain_rows()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor view = rand(4, 6, requires_grad: true).t()[TensorIndex.Slice(1, 5)], kept = view.detach().clone();
        TensorBatches source = BatchSource.From(view, view);
        using Batch batch = source.InOrder().Single();
        Assert.True(AreSame(batch.Inputs, kept));
        Assert.False(batch.Inputs.requires_grad);
        Assert.True(batch.Inputs.is_contiguous());
    }

    [Fact]
    public void What_the_caller_does_to_the_tensors_afterwards_changes_nothing()
    {
        Tensor x = rand(9, 2), y = rand(9);
        TensorBatches source = BatchSource.From(x, y);
        float[] before = Inputs(source);
        x.fill_(7);
        Assert.Equal(before, Inputs(source));
        x.Dispose();
        y.Dispose();
        Assert.Equal(before, Inputs(source));
    }

    [Fact]
    public void A_batch_is_the_same_on_any_thread()
    {
        using Tensor x = rand(40, 3), y = rand(40);
        TensorBatches source = BatchSource.From(x, y, batchSize: 7);
        float[][] alone = [.. Enumerable.Range(0, 8).Select(epoch => Inputs(source, epoch))];
        float[][] beside = new float[8][];
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(epoch => new Thread(() => beside[epoch] = Inputs(source, epoch)))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(alone, beside);
    }

    [Fact]
    public void Inputs_that_are_their_own_targets_are_held_once()
    {
        using Tensor x = rand(5, 2);
        using Batch batch = BatchSource.From(x, x).Read([4, 1]);
        Assert.Same(batch.Inputs, batch.Targets);
    }

    [Theory]
    [InlineData(10, 0.2, 2)]
    [InlineData(10, 0.25, 3)]
    [InlineData(2, 0.5, 1)]
    [InlineData(1000, 0.1, 100)]
    public void A_split_is_disjoint_and_complete_and_a_function_of_the_seed(int count, double share, int expected)
    {
        using Tensor x = arange(count, ScalarType.Float32);
        TensorBatches source = BatchSource.From(x, x, batchSize: 4, seed: 9, name: "table");
        (TensorBatches train, TensorBatches heldOut) = source.Split(share, seed: 5);
        Assert.Equal((count - expected, expected), (train.Count, heldOut.Count));
        Assert.Equal(("table, train", "table, held out", 4, 9L), (train.Name, heldOut.Name, train.BatchSize, heldOut.Seed));
        Assert.Equal(Enumerable.Range(0, count).Select(index => (float)index), Inputs(train).Concat(Inputs(heldOut)).Order());
        Assert.Equal(Inputs(train).Order(), Inputs(train));
        Assert.Equal(Inputs(heldOut), Inputs(source.Split(share, seed: 5).HeldOut));
        if (count > 2)
        {
            Assert.NotEqual(Inputs(heldOut), Inputs(source.Split(share, seed: 6).HeldOut));
        }
    }

    [Fact]
    public void A_part_may_be_split_again_and_keeps_targets_and_weights()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = arange(100, ScalarType.Float32);
        (TensorBatches rest, TensorBatches test) = BatchSource.From(x, x * 3, weights: x * 7).Split(0.2);
        (TensorBatches train, TensorBatches validation) = rest.Split(0.25);
        Assert.Equal((60, 20, 20), (train.Count, validation.Count, test.Count));
        using Batch batch = validation.Read([3, 19]);
        Assert.True(AreSame(batch.Targets, batch.Inputs * 3));
        Assert.True(AreSame(batch.Weights!, batch.Inputs * 7));
        Assert.Equal(Enumerable.Range(0, 100).Select(index => (float)index), Inputs(train).Concat(Inputs(validation)).Concat(Inputs(test)).Order());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(0.01)]
    [InlineData(0.99)]
    [InlineData(double.NaN)]
    public void A_split_that_leaves_nothing_is_refused(double share)
    {
        using Tensor x = rand(10, 2);
        TensorBatches source = BatchSource.From(x, x);
        Assert.Contains("tensors, 10 samples", Assert.Throws<ArgumentOutOfRangeException>(() => source.Split(share)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_data_have_another_identity()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = arange(12, ScalarType.Float32).reshape(6, 2), y = arange(6, ScalarType.Float32), one = ones(6);
        Tensor changed = x.clone();
        changed[3, 1] = 7.000001f;
        TensorBatches source = BatchSource.From(x, y);
        TensorBatches[] all =
        [
            source, BatchSource.From(changed, y), BatchSource.From(y, x), BatchSource.From(x.to(ScalarType.Float64), y), BatchSource.From(x.reshape(6, 1, 2), y),
            BatchSource.From(x, y, weights: one), BatchSource.From(x, y, batchSize: 3), BatchSource.From(x, y, seed: 2), BatchSource.From(x.flip(0), y),
            BatchSource.From(x, changed), BatchSource.From(zeros(6), y), BatchSource.From(zeros(6, ScalarType.Int32), y), BatchSource.From(x, y, weights: one * 2),
            source.Split(0.5).Train, source.Split(0.5).HeldOut,
        ];
        Assert.Equal(all.Length, all.Select(Identity).Distinct().Count());
        Assert.Equal(Identity(source), Identity(BatchSource.From(x.clone(), y.clone())));
        Assert.Matches("^batches = ContentIdentity; batches.BatchSize = 64; batches.Checksum = [0-9a-f]{32}; batches.Seed = 1$", Identity(source));
    }

    [Fact]
    public void Rows_lie_in_blocks_of_any_size()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = rand(23, 3, ScalarType.Float64);
        int[] indices = [22, 0, 7, 7, 13];
        Tensor expected = x.index_select(0, tensor(indices.Select(index => (long)index).ToArray()));
        foreach (int bytes in new[] { 1, 24, 100, 480, 100_000 })
        {
            using Tensor rows = new TensorRows(x, bytes).Gather(indices);
            Assert.True(AreSame(rows, expected));
        }
    }

    [Fact]
    public void What_is_no_table_is_refused_in_one_line()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor three = rand(3, 2), four = rand(4), weights = tensor(new[] { 1f, 0f, float.NaN });
        Refused(() => BatchSource.From(three, four), "the inputs have 3 rows and the targets 4.");
        Refused(() => BatchSource.From(three, three, weights: four), "the inputs have 3 rows and the weights 4.");
        Refused(() => BatchSource.From(rand(0, 2), rand(0)), "There are no samples: the inputs have no rows.");
        Refused(() => BatchSource.From(tensor(3f), four), "The tensor of inputs needs a batch dimension");
        Refused(() => BatchSource.From(three.to_sparse(), three), "The tensor of inputs is sparse: call to_dense() first.");
        Refused(() => BatchSource.From(three, three, weights: three.to(ScalarType.Int64)), "The tensor of weights must be floating point. Given: [3, 2] Int64.");
        Refused(() => BatchSource.From(three, three, weights: weights), "Weights are finite and at least 0; one of sample 2 is not.");
        Refused(() => BatchSource.From(three, three, weights: three - 9), "one of sample 0 is not");
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchSource.From(three, three, batchSize: 0));
        Assert.Throws<ArgumentNullException>(() => BatchSource.From(null!, three));
        Assert.Throws<ArgumentNullException>(() => BatchSource.From(three, null!));
    }

    internal static string Identity(BatchSource source)
    {
        OptionNames names = new();
        names.Add("batches", source.Identity);
        return string.Join("; ", names.Values.Select(pair => $"{pair.Key} = {pair.Value}"));
    }

    internal static float[] Inputs(BatchSource source, int? epoch = null)
    {
        List<float> values = [];
        foreach (Batch batch in epoch is { } number ? source.Epoch(number) : source.InOrder())
        {
            using Batch owned = batch;
            values.AddRange(batch.Inputs.data<float>());
        }

        return [.. values];
    }

    private static bool AreSame(Tensor one, Tensor other)
    {
        using DisposeScope scope = NewDisposeScope();
        return one.dtype == other.dtype && one.shape.SequenceEqual(other.shape) && one.eq(other).all().ToBoolean();
    }

    private static void Refused(Func<BatchSource> make, string message)
    {
        string actual = Assert.Throws<ArgumentException>(() => make()).Message;
        Assert.Contains(message, actual, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', actual);
    }
}
