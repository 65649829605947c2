using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Data;

public sealed class GeneratedBatchesTests : TensorTest
{
    [Fact]
    public void A_sample_is_a_function_of_seed_part_and_index()
    {
        GeneratedBatches source = Draws(23, batchSize: 5);
        Assert.Equal((23, 5, DataPart.Training, false, true), (source.Count, source.StepsPerEpoch, source.Part, source.IsFreshEveryEpoch, source.IsRepeatable));
        double[][] inOrder = [.. source.InOrder().Select(Inputs)];
        Assert.Equal([5, 5, 5, 5, 3], inOrder.Select(batch => batch.Length));
        double[] all = [.. inOrder.SelectMany(values => values)];
        Assert.Equal(23, all.Distinct().Count());
        Assert.Equal(all, Draws(23, batchSize: 23).InOrder().SelectMany(Inputs));
        Assert.Equal([all[7], all[22], all[7]], Inputs(source.Read([7, 22, 7])));
        Assert.Equal([.. source.Order(4).Select(index => all[index])], source.Epoch(4).SelectMany(Inputs));
        Assert.Equal(all[..10], Draws(10, batchSize: 5).InOrder().SelectMany(Inputs));
    }

    [Fact]
    public void The_numbers_of_a_sample_are_those_of_its_stream()
    {
        // Worked out apart (SplitMix64 in Python) for seed 1: the first draw of sample 3 to train on, to validate on, and in fresh epoch 2.
        Assert.Equal(0.9880840282234594, Inputs(Draws(4, 4).Read([3])).Single());
        Assert.Equal(0.5802936795986987, Inputs(Draws(4, 4, DataPart.Validation).Read([3])).Single());
        Assert.Equal(0.44443545004220264, Inputs(Draws(4, 4, isFresh: true).Epoch(2).Single())[Array.IndexOf(Draws(4, 4).Order(2), 3)]);
        Assert.Equal(0.9880840282234594, new RandomNumbers(seed: 1, part: 0, index: 3).NextUnit());
    }

    [Fact]
    public void Parts_and_seeds_have_other_samples()
    {
        IEnumerable<double> all = from part in Enum.GetValues<DataPart>()
                                  from seed in new[] { 1, 2 }
                                  from value in Draws(200, 50, part, seed).InOrder().SelectMany(Inputs)
                                  select value;
        Assert.Equal(1200, all.Distinct().Count());
    }

    [Fact]
    public void A_sample_that_is_no_dense_tensor_is_refused_by_its_number()
    {
        Assert.Equal("The target of sample 2 of odd is null.", Refused(_ => null!));
        Assert.Equal("The target of sample 2 of odd is sparse: call to_dense() first.", Refused(target => target.to_sparse()));
        Assert.Equal("The target of sample 2 of odd has no values: it is on the meta device.", Refused(target => target.to(META)));

        static string Refused(Func<Tensor, Tensor> other) => Assert.Throws<InvalidOperationException>(() => BatchSource.Generate(
            (number, _) => (ones(2), number == 2 ? other(ones(2)) : ones(2)), 4, name: "odd").First(4)).Message;
    }

    [Fact]
    public void The_number_of_a_sample_is_another_one_in_every_part()
    {
        long[] Numbers(DataPart part) =>
            [.. BatchSource.Generate((number, _) => (tensor(number), tensor(0)), 3, part).InOrder().SelectMany(batch => Taken(batch, one => one.Inputs.data<long>().ToArray()))];
        Assert.Equal([0, 1, 2], Numbers(DataPart.Training));
        Assert.Equal([1 << 30, (1 << 30) + 1, (1 << 30) + 2], Numbers(DataPart.Validation));
        Assert.Equal([2L << 30, (2L << 30) + 1, (2L << 30) + 2], Numbers(DataPart.Test));
    }

    [Fact]
    public void New_samples_in_every_epoch_are_a_function_of_the_epoch()
    {
        GeneratedBatches source = Draws(20, 6, isFresh: true);
        double[][] epochs = [.. Enumerable.Range(0, 5).Select(epoch => source.Epoch(epoch).SelectMany(Inputs).ToArray())];
        Assert.Equal(100 + 20, epochs.SelectMany(values => values).Concat(source.InOrder().SelectMany(Inputs)).Distinct().Count());
        Assert.Equal(epochs[3], source.Epoch(3).SelectMany(Inputs));
        for (int step = 0; step <= 4; step++)
        {
            Assert.Equal(epochs[3][Math.Min(20, 6 * step)..], source.Epoch(3, step).SelectMany(Inputs));
        }

        Assert.Equal(source.InOrder().SelectMany(Inputs), Draws(20, 6).InOrder().SelectMany(Inputs));
    }

    [Fact]
    public void A_batch_is_the_same_on_any_thread()
    {
        GeneratedBatches source = Draws(40, 7, isFresh: true);
        double[][] alone = [.. Enumerable.Range(0, 8).Select(epoch => source.Epoch(epoch).SelectMany(Inputs).ToArray())];
        double[][] beside = new double[8][];
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(epoch => new Thread(() => beside[epoch] = [.. source.Epoch(epoch).SelectMany(Inputs)]))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(alone, beside);
    }

    [Fact]
    public void A_class_of_ones_own_is_one_method_with_weights_and_any_dtypes()
    {
        Sums source = new(length: 6, count: 9) { Part = DataPart.Test };
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = source.First(9);
        Assert.Equal([9, 6], batch.Inputs.shape);
        Assert.Equal((ScalarType.Int64, ScalarType.Float64, ScalarType.Float32), (batch.Inputs.dtype, batch.Targets.dtype, batch.Weights!.dtype));
        Assert.True(batch.Inputs.sum(1).to(ScalarType.Float64).eq(batch.Targets).all().ToBoolean());
        Assert.Equal([9], batch.Weights.shape);
        Assert.False(batch.Targets.requires_grad);
    }

    [Fact]
    public void What_a_sample_is_made_of_is_freed_and_what_the_caller_keeps_is_not()
    {
        using Tensor kept = rand(3);
        GeneratedBatches source = BatchSource.Generate((_, random) => (kept, kept * random.NextUnit() + kept), 5);
        long before = Live;
        using (Batch batch = source.InOrder().Single())
        {
            Assert.Equal(before + 3, Live);
        }

        Assert.Equal(before, Live);
        Assert.False(kept.IsInvalid);
    }

    [Fact]
    public void Another_function_has_another_identity()
    {
        GeneratedBatches[] all =
        [
            Draws(23, 5), Draws(23, 6), Draws(23, 5, DataPart.Test), Draws(23, 5, seed: 2), Draws(23, 5, isFresh: true),
            BatchSource.Generate((_, random) => (tensor(random.NextUnit() / 3), tensor(0)), 23, batchSize: 5),
            BatchSource.Generate((_, random) => (tensor(random.NextUnit()), tensor(1)), 23, batchSize: 5), new Sums(6, 23), new Sums(7, 23),
        ];
        Assert.Equal(all.Length, all.Select(TensorBatchesTests.Identity).Distinct().Count());
        Assert.Equal(TensorBatchesTests.Identity(Draws(23, 5)), TensorBatchesTests.Identity(Draws(23, 5)));
        Assert.Matches(
            "^batches = GeneratorIdentity; batches.BatchSize = 5; batches.ChecksumOfFirst = [0-9a-f]{32}; batches.IsFreshEveryEpoch = false; batches.Part = Training; batches.Seed = 1$",
            TensorBatchesTests.Identity(Draws(23, 5)));
        Assert.Contains("ChecksumOfFirst = none", TensorBatchesTests.Identity(Draws(0, 5)), StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_that_are_no_function_of_what_they_are_given_are_told()
    {
        GeneratedBatches source = BatchSource.Generate((_, _) => (rand(2), rand(2)), 5, name: "noise");
        string message = Assert.Throws<InvalidOperationException>(() => source.Identity).Message;
        Assert.StartsWith("The samples of noise differ when made twice", message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_fit_is_refused_in_one_line()
    {
        GeneratedBatches shapes = BatchSource.Generate((number, _) => (ones(number + 1), tensor(0)), 3, name: "ramp");
        Assert.Equal(
            "The samples of ramp have inputs of [1] Float32 and of [2] Float32: those of one source have one shape and dtype.",
            Assert.Throws<InvalidOperationException>(() => shapes.First(3)).Message);
        GeneratedBatches dtypes = BatchSource.Generate((number, _) => (ones(1), number == 0 ? tensor(0) : tensor(0L)), 3, name: "mixed");
        Assert.Contains("targets of [] Int32 and of [] Int64", Assert.Throws<InvalidOperationException>(() => dtypes.First(3)).Message, StringComparison.Ordinal);
        string some = Assert.Throws<InvalidOperationException>(() => new Sums(3, 4) { Unweighted = 2 }.First(4)).Message;
        Assert.Equal("sums gave 3 of 4 samples a weight: give one to all or none.", some);
        Assert.Throws<ArgumentOutOfRangeException>(() => Draws((1 << 30) + 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Draws(3, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Draws(3, 1, (DataPart)3));
        Assert.Throws<ArgumentNullException>(() => BatchSource.Generate(null!, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomNumbers(1, -1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomNumbers(1, 0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomNumbers(1, 0, 0).Next(0));
    }

    private static GeneratedBatches Draws(int count, int batchSize, DataPart part = DataPart.Training, long seed = 1, bool isFresh = false) =>
        BatchSource.Generate((_, random) => (tensor(random.NextUnit()), tensor(0)), count, part, isFresh, batchSize, seed);

    private static double[] Inputs(Batch batch) => Taken(batch, one => one.Inputs.data<double>().ToArray());

    private static T Taken<T>(Batch batch, Func<Batch, T> take)
    {
        using (batch)
        {
            return take(batch);
        }
    }

    /// <summary>Some digits and their sum.</summary>
    private sealed class Sums(int length, int count) : GeneratedBatches("sums", count)
    {
        public long Unweighted { get; init; } = -1;

        protected override (Tensor Input, Tensor Target, Tensor? Weight) Generate(long number, RandomNumbers random)
        {
            long[] digits = [.. Enumerable.Range(0, length).Select(_ => (long)random.Next(10))];
            return (tensor(digits), tensor((double)digits.Sum(), requires_grad: true), number == Unweighted ? null : tensor(1f));
        }
    }
}
