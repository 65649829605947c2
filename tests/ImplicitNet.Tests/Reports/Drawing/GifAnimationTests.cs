using ImplicitNet.Cli.Images;
using ImplicitNet.Fuzz;
using ImplicitNet.Reports.Drawing;
using SkiaSharp;

namespace ImplicitNet.Tests.Reports.Drawing;

/// <summary>What is written is read back by two decoders that share no code with it: Skia's, all pictures, and our own, the first.</summary>
public sealed class GifAnimationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Any_palette_size_and_content_comes_back_picture_by_picture()
    {
        FuzzRandom random = new(1);
        for (int i = 0; i < 300; i++)
        {
            int colours = random.Between(1, 256);
            (int height, int width) = (random.Between(1, 60), random.Between(1, 60));
            uint[] palette = Palette(colours);
            byte[][] pictures = [.. Enumerable.Range(0, random.Between(1, 6)).Select(_ => Content(random, height * width, colours))];
            AssertComesBack(height, width, palette, [.. pictures.Select(picture => (picture, random.Between(2, 300)))]);
        }
    }

    [Fact]
    public void Every_number_of_colours_comes_back()
    {
        FuzzRandom random = new(2);
        for (int colours = 1; colours <= 256; colours++)
        {
            AssertComesBack(9, 40, Palette(colours), [(Noise(random, 360, colours), 10), (Noise(random, 360, colours), 20)]);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(64)]
    [InlineData(256)]
    public void A_large_picture_for_which_all_codes_are_used_up_many_times_comes_back(int colours)
    {
        FuzzRandom random = new(colours);
        AssertComesBack(400, 500, Palette(colours), [(Noise(random, 200_000, colours), 10), (Content(random, 200_000, colours), 10)]);
    }

    [Fact]
    public void A_picture_of_any_length_ends_where_its_last_code_does()
    {
        // Each length ends at another state of the codes: on a new entry, on a longer code, on a full byte.
        FuzzRandom random = new(3);
        byte[] noise = Noise(random, 20_000, 4);
        for (int width = 1; width <= 700; width++)
        {
            AssertComesBack(1, width, Palette(4), [(noise[..width], 10)]);
        }

        for (int width = 9_000; width <= 9_100; width++)
        {
            AssertComesBack(1, width, Palette(256), [([.. noise[..width].Select((value, i) => (byte)(value + (i * 7)))], 10)]);
        }
    }

    [Fact]
    public void One_pixel_of_one_colour_is_a_picture() => AssertComesBack(1, 1, [0x123456], [([0], 2), ([0], 65_535)]);

    [Fact]
    public void A_picture_like_the_one_before_takes_a_few_bytes()
    {
        byte[] noise = Noise(new FuzzRandom(4), 10_000, 16);
        byte[] changed = [.. noise];
        changed[5_050] ^= 1;
        int one = Encode(100, 100, Palette(16), [(noise, 10)]).Length;
        int three = Encode(100, 100, Palette(16), [(noise, 10), (noise, 10), (changed, 10)]).Length;
        Assert.InRange(three - one, 2, 80);
        AssertComesBack(100, 100, Palette(16), [(noise, 10), (noise, 10), (changed, 10)]);
    }

    [Theory]
    [InlineData(0, -1)]
    [InlineData(3, 3)]
    public void It_repeats_as_often_as_was_said(int repeats, int expected)
    {
        GifAnimation gif = new(1, 1, Palette(2), repeats);
        gif.Add([0], 10);
        gif.Add([1], 10);
        using SKCodec codec = SKCodec.Create(new MemoryStream(gif.ToBytes()));
        Assert.Equal(expected, codec.RepetitionCount);
    }

    [Fact]
    public void What_is_no_picture_of_it_is_refused()
    {
        GifAnimation gif = new(2, 3, Palette(4));
        Assert.Throws<InvalidOperationException>(gif.ToBytes);
        Assert.StartsWith("3 x 2 places in a palette of 4 colours were expected; given: 5, the largest 0.", Assert.Throws<ArgumentException>(() => gif.Add(new byte[5], 10)).Message);
        Assert.StartsWith("3 x 2 places in a palette of 4 colours were expected; given: 6, the largest 4.", Assert.Throws<ArgumentException>(() => gif.Add([0, 0, 0, 0, 0, 4], 10)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => gif.Add(new byte[6], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GifAnimation(0, 3, Palette(4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GifAnimation(2, 65_536, Palette(4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GifAnimation(2, 3, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GifAnimation(2, 3, Palette(257)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GifAnimation(2, 3, Palette(4), repeats: -1));
    }

    private void AssertComesBack(int height, int width, uint[] palette, (byte[] Pixels, int Hundredths)[] pictures)
    {
        byte[] file = Encode(height, width, palette, pictures);
        using SKCodec codec = SKCodec.Create(new MemoryStream(file));
        Assert.Equal((height, width), (codec.Info.Height, codec.Info.Width));
        Assert.Equal(pictures.Length, Math.Max(codec.FrameCount, 1));
        using SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        for (int i = 0; i < pictures.Length; i++)
        {
            // Each over the one before, as it is shown.
            Assert.Equal(SKCodecResult.Success, codec.GetPixels(bitmap.Info, bitmap.GetPixels(), new SKCodecOptions(i, i - 1)));
            Assert.Equal(pictures[i].Pixels.Select(place => palette[place]), bitmap.Pixels.Select(pixel => (uint)pixel & 0xFFFFFF));
            Assert.All(bitmap.Pixels, pixel => Assert.Equal(255, pixel.Alpha));
            if (pictures.Length > 1)
            {
                Assert.Equal(10 * pictures[i].Hundredths, codec.FrameInfo[i].Duration);
            }
        }

        Assert.Equal(
            pictures[0].Pixels.SelectMany(place => new[] { (byte)(palette[place] >> 16), (byte)(palette[place] >> 8), (byte)palette[place] }),
            ImageFile.ReadColour(_folder.Write("a.gif", file)).ToPixels());
    }

    private static byte[] Encode(int height, int width, uint[] palette, (byte[] Pixels, int Hundredths)[] pictures)
    {
        GifAnimation gif = new(height, width, palette);
        foreach ((byte[] pixels, int hundredths) in pictures)
        {
            gif.Add(pixels, hundredths);
        }

        return gif.ToBytes();
    }

    private static uint[] Palette(int count) => [.. Enumerable.Range(0, count).Select(i => (uint)((i * 0x9E3779B1L) & 0xFFFFFF))];

    private static byte[] Noise(FuzzRandom random, int count, int colours) =>
        [.. Enumerable.Range(0, count).Select(_ => (byte)random.Between(0, colours - 1))];

    // Runs of one colour, long and short, and a stretch of noise.
    private static byte[] Content(FuzzRandom random, int count, int colours)
    {
        byte[] pixels = new byte[count];
        for (int begin = 0; begin < count;)
        {
            int length = Math.Min(random.Between(1, 3 * count), count - begin);
            byte colour = (byte)random.Between(0, colours - 1);
            for (int i = begin; i < begin + length; i++)
            {
                pixels[i] = length % 3 == 0 ? (byte)random.Between(0, colours - 1) : colour;
            }

            begin += length;
        }

        return pixels;
    }
}
