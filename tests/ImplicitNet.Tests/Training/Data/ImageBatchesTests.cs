using ImplicitNet.Files;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Augmentations;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Data;

public sealed class ImageBatchesTests : TensorTest
{
    private static readonly PixelNormalization Plain = new(0, 1);

    [Fact]
    public void The_defaults_are_these()
    {
        BatchOptions options = new() { Normalization = Plain };
        Assert.Equal((100, 1L, 0), (options.BatchSize, options.Seed, options.MaximumShift));
        Assert.Equal(TorchSharp.DeviceType.CPU, options.Device.type);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, -1)]
    [InlineData(1, 17)]
    public void An_option_out_of_range_is_refused(int batchSize, int maximumShift) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new BatchOptions { Normalization = Plain, BatchSize = batchSize, MaximumShift = maximumShift });

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Images_lie_channels_last(int channels)
    {
        using Batch batch = Source(Sample(7, channels), 7).Read([0, 1, 2, 3]);
        Assert.Equal([4, channels, 5, 6], batch.Inputs.shape);
        Assert.Equal([30 * channels, 1, 6 * channels, channels], batch.Inputs.stride());
        Assert.Equal((ScalarType.Float32, ScalarType.Int64, ScalarType.Int64), (batch.Inputs.dtype, batch.Targets.dtype, batch.Indices.dtype));
    }

    [Fact]
    public void Values_labels_and_indices_are_those_of_the_images()
    {
        ImageDataset dataset = Sample(7, 3);
        ImageBatches source = new(dataset, new BatchOptions { Normalization = new PixelNormalization(0.25, 0.5) });
        using Batch batch = source.Read([5, 2]);
        Assert.Equal([5L, 2L], batch.Indices.data<long>());
        Assert.Equal([(long)dataset.Label(5), dataset.Label(2)], batch.Targets.data<long>());
        Assert.Equal(2, batch.Count);
        for (int row = 0; row < 5; row++)
        {
            for (int channel = 0; channel < 3; channel++)
            {
                float expected = (float)(((dataset.Image(2)[(((row * 6) + 4) * 3) + channel] / 255.0) - 0.25) / 0.5);
                using Tensor value = batch.Inputs[1, channel, row, 4];
                Assert.Equal(expected, value.item<float>());
            }
        }
    }

    [Fact]
    public void A_batch_outlives_the_scope_it_was_made_in()
    {
        Batch batch;
        using (NewDisposeScope())
        {
            batch = Source(Sample(7, 1), 7).Read([3]);
        }

        using (batch)
        {
            Assert.False(batch.Inputs.IsInvalid || batch.Targets.IsInvalid || batch.Indices.IsInvalid);
        }
    }

    [Fact]
    public void An_epoch_holds_every_image_once_and_ends_in_a_smaller_batch()
    {
        ImageBatches source = Source(Sample(23, 1), 10);
        List<(long[] Indices, int Count)> batches = [.. Read(source.Epoch(0))];
        Assert.Equal([10, 10, 3], batches.Select(batch => batch.Count));
        Assert.Equal(3, source.StepsPerEpoch);
        long[] order = [.. batches.SelectMany(batch => batch.Indices)];
        Assert.Equal(source.Order(0).Select(index => (long)index), order);
        Assert.Equal(Enumerable.Range(0, 23).Select(index => (long)index), order.Order());
    }

    [Fact]
    public void The_order_follows_seed_and_epoch_only()
    {
        ImageDataset dataset = Sample(50, 1);
        Assert.Equal(Source(dataset, 10).Order(4), Source(dataset, 7).Order(4));
        Assert.NotEqual(Source(dataset, 10).Order(4), Source(dataset, 10).Order(5));
        Assert.NotEqual(Source(dataset, 10).Order(4), Source(dataset, 10, seed: 2).Order(4));
    }

    [Fact]
    public void An_epoch_begun_at_a_later_step_goes_on_as_if_never_left()
    {
        ImageBatches source = Source(Sample(23, 1), 5);
        long[][] whole = [.. Read(source.Epoch(3)).Select(batch => batch.Indices)];
        Assert.Equal(whole[2..], Read(source.Epoch(3, firstStep: 2)).Select(batch => batch.Indices));
        Assert.Empty(source.Epoch(3, firstStep: 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Epoch(3, firstStep: 6));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Epoch(-1));
    }

    [Fact]
    public void Evaluation_goes_in_order() =>
        Assert.Equal(
            Enumerable.Range(0, 23).Select(index => (long)index), Read(Source(Sample(23, 1), 10).InOrder()).SelectMany(batch => batch.Indices));

    [Fact]
    public void Each_channel_is_normalised_by_its_own_numbers_and_padded_with_its_own_black()
    {
        ImageDataset white = new("white", 2, 2, 3, 1, [.. Enumerable.Repeat((byte)255, 12)], [0]);
        BatchOptions options = new() { Normalization = new([0.5, 0, 1], [0.5, 1, 2]), MaximumShift = 2 };
        using (Batch batch = new ImageBatches(white, options).InOrder().Single())
        {
            Assert.Equal([1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0], batch.Inputs.data<float>());
        }

        HashSet<(float, float, float)> found = [];
        for (int epoch = 0; epoch < 20; epoch++)
        {
            using Batch batch = new ImageBatches(white, options).Epoch(epoch).Single();
            float[] values = batch.Inputs.data<float>().ToArray();
            found.UnionWith(Enumerable.Range(0, 4).Select(place => (values[place], values[4 + place], values[8 + place])));
        }

        Assert.Equal([(-1, 0, -0.5f), (1, 1, 0)], found.Order());
        Assert.Throws<ArgumentException>(() => new ImageBatches(Sample(7, 2), options));
    }

    [Fact]
    public void A_shift_is_asked_for_once()
    {
        BatchOptions options = new() { Normalization = Plain, MaximumShift = 2, Augmentations = [new HorizontalFlip(), new RandomShift()] };
        Assert.Throws<ArgumentException>(() => new ImageBatches(Sample(7, 1), options));
        ImageDataset dataset = Sample(7, 1);
        using Batch brief = new ImageBatches(dataset, options with { Augmentations = [] }).Epoch(1).Single();
        using Batch spelled = new ImageBatches(dataset, options with { MaximumShift = 0, Augmentations = [new RandomShift()] }).Epoch(1).Single();
        Assert.Equal(brief.Inputs.data<float>().ToArray(), spelled.Inputs.data<float>().ToArray());
    }

    [Fact]
    public void An_index_that_is_not_there_is_refused()
    {
        ImageBatches source = Source(Sample(7, 1), 7);
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Read([0, 7]));
        Assert.Throws<ArgumentException>(() => source.Read([]));
    }

    private static ImageBatches Source(ImageDataset dataset, int batchSize, long seed = 1) =>
        new(dataset, new BatchOptions { Normalization = Plain, BatchSize = batchSize, Seed = seed });

    private static ImageDataset Sample(int count, int channels) => new(
        "sample", 5, 6, channels, 10,
        [.. Enumerable.Range(0, count * 30 * channels).Select(place => (byte)(place * 7))], [.. Enumerable.Range(0, count).Select(index => (byte)(index % 10))]);

    private static IEnumerable<(long[] Indices, int Count)> Read(IEnumerable<Batch> batches)
    {
        foreach (Batch batch in batches)
        {
            using (batch)
            {
                yield return (batch.Indices.data<long>().ToArray(), batch.Count);
            }
        }
    }
}
