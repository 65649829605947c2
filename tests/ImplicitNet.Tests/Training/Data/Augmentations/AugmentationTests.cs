using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Augmentations;

namespace ImplicitNet.Tests.Training.Data.Augmentations;

public sealed class AugmentationTests : TensorTest
{
    private const int Images = 2000;

    [Fact]
    public void The_defaults_are_these()
    {
        Assert.Equal((2, 4, 0.5), (new RandomShift().Maximum, new RandomCrop().Padding, new HorizontalFlip().Probability));
        RandomErasing erasing = new();
        Assert.Equal((0.5, 0.02, 0.33, 3.3), (erasing.Probability, erasing.LeastArea, erasing.MostArea, erasing.MostAspect));
        Assert.Empty(new BatchOptions { Normalization = new(0, 1) }.Augmentations);
    }

    [Fact]
    public void An_option_out_of_range_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomShift { Maximum = 17 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomCrop { Padding = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HorizontalFlip { Probability = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomErasing { Probability = 1.1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomErasing { LeastArea = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomErasing { MostArea = double.PositiveInfinity });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomErasing { MostAspect = 0.5 });
    }

    [Fact]
    public void A_flip_exchanges_left_and_right_of_half_the_images()
    {
        float[] image = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        float[] mirrored = [5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8];
        int flipped = 0;
        foreach (float[] result in All([new HorizontalFlip()], image, width: 3, channels: 2))
        {
            Assert.Equal(result[0] == 1 ? image : mirrored, result);
            flipped += result[0] == 1 ? 0 : 1;
        }

        Assert.InRange(flipped, (Images / 2) - 100, (Images / 2) + 100);
        Assert.All(All([new HorizontalFlip { Probability = 1 }], image, 3, 2), result => Assert.Equal(mirrored, result));
        Assert.All(All([new HorizontalFlip { Probability = 0 }], image, 3, 2), result => Assert.Equal(image, result));
    }

    [Fact]
    public void A_crop_takes_every_place_of_the_padded_image_equally_often()
    {
        float[] image = new float[49];
        image[24] = 1;
        int[] places = [.. All([new RandomCrop { Padding = 3 }], image, 7, 1).Select(result => Array.IndexOf(result, 1))];
        int[] counts = [.. Enumerable.Range(0, 49).Select(place => places.Count(other => other == place))];

        // 2000 / 49 = 41 each, deviation 6.3.
        Assert.All(counts, count => Assert.InRange(count, 41 - 26, 41 + 26));
        Assert.NotEqual(places, All([new RandomShift { Maximum = 3 }], image, 7, 1).Select(result => Array.IndexOf(result, 1)));
    }

    [Fact]
    public void What_is_erased_is_one_rectangle_within_the_limits()
    {
        const int size = 32;
        float[] image = [.. Enumerable.Repeat(1f, size * size * 3)];
        int erased = 0;
        List<double> areas = [], aspects = [];
        foreach (float[] result in All([new RandomErasing()], image, size, 3))
        {
            int[] gone = [.. Enumerable.Range(0, size * size).Where(place => result[3 * place] == 0)];
            Assert.All(gone, place => Assert.True(result[(3 * place) + 1] == 0 && result[(3 * place) + 2] == 0));
            if (gone.Length == 0)
            {
                continue;
            }

            erased++;
            int height = (gone.Max() / size) - (gone.Min() / size) + 1;
            int width = gone.Max(place => place % size) - gone.Min(place => place % size) + 1;
            Assert.Equal(height * width, gone.Length);
            areas.Add((double)gone.Length / (size * size));
            aspects.Add((double)height / width);
        }

        Assert.InRange(erased, (Images / 2) - 100, (Images / 2) + 100);
        // Sides are rounded to pixels: by up to half of one in five.
        Assert.All(areas, area => Assert.InRange(area, 0.02 * 0.8, 0.33 * 1.1));
        Assert.All(aspects, aspect => Assert.InRange(aspect, 1 / 3.3 / 1.3, 3.3 * 1.3));
        Assert.InRange(areas.Average(), 0.15, 0.19);
        Assert.InRange(aspects.Count(aspect => aspect > 1), 0.4 * erased, 0.6 * erased);
    }

    [Fact]
    public void An_image_too_small_for_its_rectangle_stays_whole_or_loses_all()
    {
        Assert.All(All([new RandomErasing { Probability = 1, MostArea = 0.1 }], [1], 1, 1), result => Assert.Equal([1], result));
        Assert.All(All([new RandomErasing { Probability = 1, LeastArea = 1, MostArea = 1, MostAspect = 1 }], [1], 1, 1), result => Assert.Equal([0], result));
    }

    [Fact]
    public void What_is_drawn_follows_seed_epoch_and_index_and_not_the_other_augmentations()
    {
        float[] image = [.. Enumerable.Range(1, 64).Select(value => (float)value)];
        AugmentationList flip = [new HorizontalFlip()];
        IReadOnlyList<float[]> first = All(flip, image, 8, 1);
        Assert.Equal(first, All(flip, image, 8, 1));
        Assert.NotEqual(first, All(flip, image, 8, 1, seed: 2));
        Assert.NotEqual(first, All(flip, image, 8, 1, epoch: 1));

        // Erasing leaves a pixel as it is or puts 0: the flip shows through.
        IReadOnlyList<float[]> both = All([new RandomErasing(), new HorizontalFlip()], image, 8, 1);
        Assert.All(first.Zip(both), pair => Assert.All(pair.First.Zip(pair.Second), pixel => Assert.True(pixel.Second == 0 || pixel.Second == pixel.First)));
    }

    [Fact]
    public void They_follow_the_order_of_the_list()
    {
        float[] image = [.. Enumerable.Repeat(1f, 64)];
        RandomErasing erasing = new() { Probability = 1, LeastArea = 1, MostArea = 1, MostAspect = 1 };
        RandomCrop crop = new() { Padding = 8 };

        // Black is -1 here: erased last, nothing of it is left.
        Assert.All(All([crop, erasing], image, 8, 1), result => Assert.DoesNotContain(-1, result));
        Assert.Contains(All([erasing, crop], image, 8, 1), result => result.Contains(-1));
    }

    [Fact]
    public void A_list_tells_its_options_and_refuses_two_of_a_kind()
    {
        AugmentationList list = [new HorizontalFlip(), new RandomCrop { Padding = 2 }];
        Assert.Equal("[HorizontalFlip { Probability = 0.5 }, RandomCrop { Padding = 2 }]", list.ToString());
        Assert.Equal([new HorizontalFlip(), new RandomCrop { Padding = 2 }], list);
        BatchOptions options = new() { Normalization = new(0, 1), Augmentations = list };
        Assert.Equal(new BatchOptions { Normalization = new(0, 1), Augmentations = [new HorizontalFlip(), new RandomCrop { Padding = 2 }] }, options);
        Assert.NotEqual(new BatchOptions { Normalization = new(0, 1), Augmentations = [new RandomCrop { Padding = 2 }, new HorizontalFlip()] }, options);
        Assert.Contains("MaximumShift = 0, Augmentations = [HorizontalFlip", options.ToString(), StringComparison.Ordinal);
        AugmentationList twice;
        Assert.Contains("HorizontalFlip", Assert.Throws<ArgumentException>(() => twice = [new HorizontalFlip(), new HorizontalFlip { Probability = 1 }]).Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<float[]> All(AugmentationList list, float[] image, int width, int channels, long seed = 1, int epoch = 0)
    {
        EpochAugmenter augmenter = new(list, seed, epoch);
        float[] black = [.. Enumerable.Repeat(-1f, width * channels)];
        return [.. Enumerable.Range(0, Images).Select(index =>
        {
            float[] copy = [.. image];
            augmenter.Apply(index, new AugmentedImage(copy, black, width));
            return copy;
        })];
    }
}
