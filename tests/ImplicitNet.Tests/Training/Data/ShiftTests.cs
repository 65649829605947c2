using System.Runtime.InteropServices;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class ShiftTests : TensorTest
{
    private const int Maximum = 2;

    [Fact]
    public void A_shifted_image_is_the_image_moved_over_black()
    {
        ImageDataset dataset = Sample(60, 5, 4, 3);
        ShiftSource shifts = new(seed: 5, epoch: 2, Maximum);
        byte[] shifted = new byte[dataset.ImageSize];
        for (int index = 0; index < dataset.Count; index++)
        {
            (int down, int right) = shifts.Of(index);
            shifts.Shift(dataset, index, shifted);
            Assert.InRange(down, -Maximum, Maximum);
            Assert.InRange(right, -Maximum, Maximum);
            for (int place = 0; place < shifted.Length; place++)
            {
                int channel = place % 3, column = (place / 3 % 4) - right, row = (place / 12) - down;
                bool inside = row is >= 0 and < 5 && column is >= 0 and < 4;
                Assert.Equal(inside ? dataset.Image(index)[(((row * 4) + column) * 3) + channel] : 0, shifted[place]);
            }
        }
    }

    [Fact]
    public void Every_shift_occurs_and_depends_on_seed_epoch_and_index()
    {
        var first = All(1, 0);
        Assert.Equal(25, first.Distinct().Count());
        Assert.Equal(first, All(1, 0));
        Assert.NotEqual(first, All(2, 0));
        Assert.NotEqual(first, All(1, 1));

        static (int Down, int Right)[] All(long seed, int epoch)
        {
            ShiftSource shifts = new(seed, epoch, Maximum);
            return [.. Enumerable.Range(0, 1000).Select(shifts.Of)];
        }
    }

    [Fact]
    public void A_shift_larger_than_the_image_leaves_it_black()
    {
        ImageDataset dataset = Sample(20, 1, 1, 1);
        ShiftSource shifts = new(1, 0, 16);
        byte[] shifted = [9];
        for (int index = 0; index < dataset.Count; index++)
        {
            shifts.Shift(dataset, index, shifted);
            Assert.Equal(shifts.Of(index) == (0, 0) ? dataset.Image(index)[0] : 0, shifted[0]);
        }
    }

    [Fact]
    public void Training_shifts_an_image_the_same_in_any_batch_and_evaluation_never()
    {
        ImageDataset dataset = Sample(40, 5, 4, 1);
        float[][] small = Epoch(7), large = Epoch(40);
        Assert.Equal(large, small);
        BatchSource source = Source(dataset, 40);
        using Batch inOrder = source.InOrder().Single();
        using Batch read = source.Read([.. Enumerable.Range(0, 40)]);
        Assert.Equal(dataset.Pixels.ToArray().Select(pixel => pixel / 255f), Values(inOrder).SelectMany(image => image));
        Assert.Equal(Values(inOrder), Values(read));
        Assert.NotEqual(Values(inOrder), large);

        float[][] Epoch(int batchSize)
        {
            float[][] images = new float[dataset.Count][];
            foreach (Batch batch in Source(dataset, batchSize).Epoch(1))
            {
                using (batch)
                {
                    float[][] values = Values(batch);
                    long[] indices = batch.Indices.data<long>().ToArray();
                    for (int row = 0; row < indices.Length; row++)
                    {
                        images[indices[row]] = values[row];
                    }
                }
            }

            return images;
        }
    }

    [Fact]
    public void A_seed_gives_the_epoch_that_it_always_gave()
    {
        // Checkpoints go on, and published figures are repeated, only as long as these do not change.
        BatchSource source = Source(Sample(40, 5, 4, 3), 40);
        using Batch batch = source.Epoch(3).Single();
        Assert.Equal("ea391aa7045214f658fa3a2e9fae2979", IdxBytes.Md5(MemoryMarshal.AsBytes<float>(batch.Images.data<float>().ToArray())));
        Assert.Equal(
            "BatchOptions { Normalization = PixelNormalization { Mean = 0, Deviation = 1 }, BatchSize = 40, Seed = 1, MaximumShift = 2, Device = cpu }",
            source.Options.ToString());
    }

    private static BatchSource Source(ImageDataset dataset, int batchSize) =>
        new(dataset, new BatchOptions { Normalization = new PixelNormalization(0, 1), BatchSize = batchSize, MaximumShift = Maximum });

    private static float[][] Values(Batch batch) => [.. batch.Images.data<float>().ToArray().Chunk(20)];

    private static ImageDataset Sample(int count, int height, int width, int channels) => new(
        "sample", height, width, channels, 1,
        [.. Enumerable.Range(0, count * height * width * channels).Select(place => (byte)(1 + (place * 7 % 255)))], [.. new byte[count]]);
}
