using System.Runtime.InteropServices;
using ImplicitNet.Files;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Augmentations;

namespace ImplicitNet.Tests.Training.Data;

public sealed class ShiftTests : TensorTest
{
    private const int Maximum = 2;

    [Fact]
    public void A_shifted_image_is_the_image_moved_over_black()
    {
        ImageDataset dataset = Sample(1, 5, 4, 3);
        float[] image = [.. dataset.Image(0).ToArray().Select(pixel => (float)pixel)];
        float[] black = [.. Enumerable.Repeat<float[]>([-1, -2, -3], 4).SelectMany(pixel => pixel)];
        for (int down = -6; down <= 6; down++)
        {
            for (int right = -6; right <= 6; right++)
            {
                float[] shifted = [.. image];
                new AugmentedImage(shifted, black, 4).Move(down, right);
                for (int place = 0; place < shifted.Length; place++)
                {
                    int channel = place % 3, column = (place / 3 % 4) - right, row = (place / 12) - down;
                    bool inside = row is >= 0 and < 5 && column is >= 0 and < 4;
                    Assert.Equal(inside ? image[(((row * 4) + column) * 3) + channel] : black[channel], shifted[place]);
                }
            }
        }
    }

    [Fact]
    public void Every_shift_occurs_and_depends_on_seed_epoch_and_index()
    {
        int[] first = All(1, 0);
        Assert.Equal(25, first.Distinct().Count());
        Assert.Equal(first, All(1, 0));
        Assert.NotEqual(first, All(2, 0));
        Assert.NotEqual(first, All(1, 1));

        // Where the one white pixel in the middle of 5 x 5 goes to.
        static int[] All(long seed, int epoch)
        {
            EpochAugmenter augmenter = new([new RandomShift { Maximum = Maximum }], seed, epoch);
            return [.. Enumerable.Range(0, 1000).Select(index =>
            {
                float[] image = new float[25];
                image[12] = 1;
                augmenter.Apply(index, new AugmentedImage(image, new float[5], 5));
                return Array.IndexOf(image, 1);
            })];
        }
    }

    [Fact]
    public void Training_shifts_an_image_the_same_in_any_batch_and_evaluation_never()
    {
        ImageDataset dataset = Sample(40, 5, 4, 1);
        float[][] small = Epoch(7), large = Epoch(40);
        Assert.Equal(large, small);
        ImageBatches source = Source(dataset, 40);
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
        ImageBatches source = Source(Sample(40, 5, 4, 3), 40);
        using Batch batch = source.Epoch(3).Single();
        Assert.Equal("ea391aa7045214f658fa3a2e9fae2979", IdxBytes.Md5(MemoryMarshal.AsBytes<float>(batch.Inputs.data<float>().ToArray())));
        Assert.Equal(
            "BatchOptions { Normalization = PixelNormalization { Mean = 0, Deviation = 1 }, BatchSize = 40, Seed = 1, MaximumShift = 2, Device = cpu }",
            source.Options.ToString());
    }

    private static ImageBatches Source(ImageDataset dataset, int batchSize) =>
        new(dataset, new BatchOptions { Normalization = new PixelNormalization(0, 1), BatchSize = batchSize, MaximumShift = Maximum });

    private static float[][] Values(Batch batch) => [.. batch.Inputs.data<float>().ToArray().Chunk(20)];

    private static ImageDataset Sample(int count, int height, int width, int channels) => new(
        "sample", height, width, channels, 1,
        [.. Enumerable.Range(0, count * height * width * channels).Select(place => (byte)(1 + (place * 7 % 255)))], [.. new byte[count]]);
}
