using ImplicitNet.Cli.Images;
using ImplicitNet.Fuzz;
using ImplicitNet.Fuzz.Pictures;
using SkiaSharp;

namespace ImplicitNet.Tests.Cli.Images;

/// <summary>What is decoded in managed code against what Skia makes of the same files.</summary>
public sealed class OwnDecodersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<byte, byte> PngTypes =>
        new([.. from type in (byte[])[0, 2, 3, 4, 6]
                from depth in (byte[])[1, 2, 4, 8, 16]
                where PngPixels.IsKnown(type, depth)
                select (type, depth)]);

    [Theory]
    [MemberData(nameof(PngTypes))]
    public void Every_kind_of_png_is_read_as_skia_reads_it(byte type, byte depth)
    {
        FuzzRandom random = new((16 * type) + depth);
        for (int i = 0; i < 40; i++)
        {
            AssertLikeSkia(PngBytes.Random(random, random.Between(1, 40), random.Between(1, 40), type, depth, isInterlaced: i % 2 == 1));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(8)]
    public void Every_kind_of_gif_is_read_as_skia_reads_it(int bits)
    {
        FuzzRandom random = new(bits);
        for (int i = 0; i < 40; i++)
        {
            AssertLikeSkia(GifBytes.Random(random, random.Between(1, 120), random.Between(1, 120), bits, isInterlaced: i % 2 == 1));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(32)]
    public void Every_kind_of_bmp_is_read_as_skia_reads_it(int bits)
    {
        FuzzRandom random = new(bits);
        for (int i = 0; i < 40; i++)
        {
            AssertLikeSkia(BmpBytes.Random(random, random.Between(1, 40), random.Between(1, 40), bits, isTopDown: i % 2 == 1));
        }
    }

    [Fact]
    public void A_picture_that_is_smaller_than_its_screen_lies_on_white()
    {
        byte[] file = GifBytes.Of(4, 3, (1, 1, 2, 1), [9, 9, 9, 0, 0, 0], 1, isInterlaced: false, transparent: null, GifBytes.Pack([0, 1], 1));
        Assert.Equal([255, 255, 255, 255, 255, 9, 0, 255, 255, 255, 255, 255], ImageFile.ReadGrey(_folder.Write("a.gif", file)).Pixels);
    }

    private void AssertLikeSkia(byte[] file)
    {
        using SKBitmap bitmap = SKBitmap.Decode(file, new SKImageInfo(SKBitmap.DecodeBounds(file).Width, SKBitmap.DecodeBounds(file).Height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        byte[] expected = [.. bitmap.Pixels.SelectMany(pixel => new[] { pixel.Red, pixel.Green, pixel.Blue }.Select(value => (byte)(((value * pixel.Alpha) + (255 * (255 - pixel.Alpha)) + 127) / 255)))];
        ColourImage image = ImageFile.ReadColour(_folder.Write("picture", file));
        Assert.Equal((bitmap.Height, bitmap.Width), (image.Height, image.Width));
        Assert.Equal(expected, image.ToPixels());
    }
}
