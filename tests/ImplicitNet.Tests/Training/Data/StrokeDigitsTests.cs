using System.Security.Cryptography;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class StrokeDigitsTests
{
    private static readonly StrokeDigitsOptions Small = new() { TrainCount = 200, ValidationCount = 100, TestCount = 100 };

    [Fact]
    public void The_defaults_are_these()
    {
        StrokeDigitsOptions options = new();
        Assert.Equal((1L, 12_000, 2_000, 2_000), (options.Seed, options.TrainCount, options.ValidationCount, options.TestCount));
        Assert.Equal((12.0, 0.35, 0.18, 2.5), (options.Rotation, options.Slant, options.SizeVariation, options.Shift));
        Assert.Equal((0.022, 0.06, 1.5, 3.2, 0.04), (options.Jitter, options.Elasticity, options.ThinnestPen, options.ThickestPen, options.Noise));
    }

    [Fact]
    public void An_option_out_of_range_is_refused()
    {
        Func<StrokeDigitsOptions>[] refused =
        [
            () => new() { TrainCount = 9 }, () => new() { ValidationCount = 0 }, () => new() { TestCount = (1 << 24) + 1 },
            () => new() { Rotation = 31 }, () => new() { Slant = double.NaN }, () => new() { SizeVariation = -0.1 }, () => new() { Shift = 7 },
            () => new() { Jitter = 0.2 }, () => new() { Elasticity = double.PositiveInfinity }, () => new() { ThinnestPen = 0 },
            () => new() { ThickestPen = 6 }, () => new() { Noise = -1 },
        ];
        Assert.All(refused, make => Assert.Throws<ArgumentOutOfRangeException>(make));
    }

    [Fact]
    public void A_thinnest_pen_thicker_than_the_thickest_is_refused() =>
        Assert.Throws<ArgumentException>(() => StrokeDigits.Generate(Small with { ThinnestPen = 4, ThickestPen = 3 }));

    [Fact]
    public void The_first_hundred_drawings_are_the_same_on_every_machine()
    {
        DataSplits splits = StrokeDigits.Generate(Small);
        Assert.Equal("4195c0ba66a476d6a00bb158f16cfec5a847d29df560c3c16c3a0c77355191ef", Hash(splits.Train));
        Assert.Equal("32c3e574ae5c6e23d9a196404eb39d7fda6050733a6ad99981d1faa5551eed14", Hash(splits.Validation));
        Assert.Equal("5fa219f15f590d2830a9f5d283acb918331b358d3e9f9c5077f9a8acfa9242ea", Hash(splits.Test));

        static string Hash(ImageDataset part) => Convert.ToHexStringLower(SHA256.HashData(part.Slice(0, 100).Pixels));
    }

    [Fact]
    public void A_drawing_depends_on_seed_part_and_index_only()
    {
        DataSplits few = StrokeDigits.Generate(Small), more = StrokeDigits.Generate(Small with { TrainCount = 300, TestCount = 150 });
        Assert.Equal(few.Train.Pixels, more.Train.Pixels[..few.Train.Pixels.Length]);
        Assert.Equal(few.Test.Pixels, more.Test.Pixels[..few.Test.Pixels.Length]);
        Assert.False(few.Train.Pixels.SequenceEqual(StrokeDigits.Generate(Small with { Seed = 2 }).Train.Pixels));
    }

    [Fact]
    public void No_drawing_of_the_default_data_set_comes_twice()
    {
        DataSplits splits = StrokeDigits.Generate();
        Assert.Equal((12_000, 2_000, 2_000), (splits.Train.Count, splits.Validation.Count, splits.Test.Count));
        HashSet<string> seen = [];
        foreach (ImageDataset part in (ImageDataset[])[splits.Train, splits.Validation, splits.Test])
        {
            for (int index = 0; index < part.Count; index++)
            {
                Assert.True(seen.Add(Convert.ToBase64String(part.Image(index))), $"image {index} of {part.Name} was drawn before");
            }
        }
    }

    [Fact]
    public void No_drawing_comes_twice_even_without_noise()
    {
        ImageDataset drawings = StrokeDigits.Generate(new StrokeDigitsOptions { Noise = 0 }).Train;
        Assert.Equal(drawings.Count, Enumerable.Range(0, drawings.Count).Select(index => Convert.ToBase64String(drawings.Image(index))).Distinct().Count());
    }

    [Fact]
    public void Classes_come_equally_often_and_every_drawing_has_ink()
    {
        ImageDataset train = StrokeDigits.Generate(Small).Train;
        Assert.All(Enumerable.Range(0, 10), digit => Assert.Equal(20, train.Labels.Count((byte)digit)));
        for (int index = 0; index < train.Count; index++)
        {
            int dark = train.Image(index).ToArray().Count(pixel => pixel > 128);
            Assert.InRange(dark, 15, 350);
        }
    }

    [Fact]
    public void No_ink_leaves_the_image_at_the_strongest_deformation()
    {
        StrokeDigitsOptions options = Small with
        {
            TrainCount = 2000,
            Rotation = 30,
            Slant = 1,
            SizeVariation = 0.4,
            Shift = 6,
            Jitter = 0.1,
            Elasticity = 0.2,
            ThinnestPen = 1,
            ThickestPen = 1,
            Noise = 0,
        };
        ImageDataset train = StrokeDigits.Generate(options).Train;
        for (int index = 0; index < train.Count; index++)
        {
            ReadOnlySpan<byte> image = train.Image(index);
            for (int place = 0; place < 28; place++)
            {
                // A line cut off at the border would leave full ink there. One that touches it with a pen of 1 pixel pressed to 1.54 leaves
                // 0.5 + 0.27 / (2 x 0.45) of full ink at most.
                Assert.All([image[place], image[(27 * 28) + place], image[28 * place], image[(28 * place) + 27]], ink => Assert.InRange(ink, 0, 206));
            }
        }
    }
}
