using System.Diagnostics;
using ImplicitNet.Cli.Images;
using ImplicitNet.Fuzz.Pictures;
using SkiaSharp;

namespace ImplicitNet.Tests.Cli.Images;

public sealed class HostilePictureTests : IDisposable
{
    private const long FreeBytes = 64 << 20;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Small files, most of which announce a large picture. Some ended the process once, others took gigabytes.
    public static TheoryData<string, string> Hostile => new()
    {
        { "Qk12AAAAAAAAADYAAP4oAAAAAAUAAAAEAAAAAQAYAAAAAAAAAAAAAAAAAEAAAAAAAAAA", "cut off" }, // pixels begin beyond the end, of 1280 x 1024
        { "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALADsxQAAAP8AAAAFAAAAAQACAUQAOw==", "outside of the 1 x 1" }, // a first picture at (60416, 197)
        { Convert.ToBase64String(BmpBytes.Of(32_000, 2_000, 24, [], [0, 0, 0, 0])), "cut off" },
        { Convert.ToBase64String(BmpBytes.Of(8_000, 8_000, 8, [], new byte[400], compression: 1)), "compression 1" },
        { Convert.ToBase64String(BmpBytes.Of(int.MinValue, int.MinValue, 24, [], [])), "announces" },
        { Convert.ToBase64String(Gif(8_000, 8_000, [1, 2, 3])), "can hold" },
        { Convert.ToBase64String(Gif(65_535, 65_535, new byte[4_000])), "at most 64000000" },
        { Convert.ToBase64String(Png(8_000, 8_000, 0, 1, new byte[100])), "cannot hold" },
        { Convert.ToBase64String(Png(8_000, 8_000, 6, 16, new byte[1 << 20])), "at most 256000000 bytes" },
        { Convert.ToBase64String(Png(70_000, 2, 0, 8, new byte[100])), "65535 on a side" },
        { Convert.ToBase64String(Png(8_000, 8_000, 0, 1, new byte[8_000_000])), "cut off" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_small_file_that_lies_about_its_size_is_refused_at_once_and_in_one_line(string content, string expected)
    {
        byte[] file = Convert.FromBase64String(content);
        string path = _folder.Write("picture", file);
        foreach (Action read in (Action[])[() => DigitImage.Read(path), () => ImageFile.ReadColour(path, 32, 32), () => ImageFile.ReadGrey(path)])
        {
            long begin = Stopwatch.GetTimestamp(), before = GC.GetTotalAllocatedBytes(precise: true);
            string message = Assert.Throws<ImageFileException>(read).Message;
            Assert.True(message.Contains(expected, StringComparison.Ordinal) || message.Contains("MiB to decode", StringComparison.Ordinal), message);
            Assert.DoesNotContain('\n', message);
            Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, FreeBytes + (10L * file.Length));
            Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 0, 30); // a bound on hanging, no measurement
        }
    }

    [Theory]
    [InlineData(2480, 3508, 2, 8)] // a sheet of A4 at 300 dots an inch
    [InlineData(8000, 8000, 0, 1)]
    [InlineData(8000, 8000, 3, 8)]
    [InlineData(1, 65_535, 6, 8)]
    [InlineData(65_535, 900, 0, 8)]
    public void A_white_page_of_few_bytes_is_read_in_bounded_memory(int width, int height, byte type, byte depth)
    {
        int bits = depth * type switch { 2 => 3, 6 => 4, _ => 1 };
        byte[] row = [.. Enumerable.Repeat((byte)255, ((width * bits) + 7) / 8)];
        byte[] file = Png((uint)width, (uint)height, type, depth, [.. Enumerable.Range(0, height).SelectMany(_ => (byte[])[0, .. row])]);
        string path = _folder.Write("page.png", file);
        foreach (Func<IEnumerable<byte>> read in (Func<IEnumerable<byte>>[])[() => DigitImage.Read(path).Pixels.Select(ink => (byte)(255 - ink)), () => ImageFile.ReadColour(path, 28, 28).ToPixels()])
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            IEnumerable<byte> pixels = read();
            Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, FreeBytes + (10L * file.Length));
            Assert.All(pixels, pixel => Assert.Equal(255, pixel));
        }
    }

    [Fact]
    public void A_picture_that_is_made_smaller_while_it_is_decoded_keeps_its_means()
    {
        const int width = 3001, height = 2003;
        byte[] rows = [.. Enumerable.Range(0, height).SelectMany(y => (byte[])[0, .. Enumerable.Range(0, width).Select(x => (byte)((x / 100 * 3) + (y / 100 * 6)))])];
        string path = _folder.Write("ramp.png", Png(width, height, 0, 8, rows));

        // By a factor of 2: the last row and the last column are means of what is there, and show in so many pixels.
        byte[] whole = ImageFile.ReadGrey(path).Resized(400, 600).Pixels;
        Assert.All(ImageFile.ReadGrey(path, 400, 600).Pixels.Zip(whole), pair => Assert.InRange(pair.First - pair.Second, -3, 3));
    }

    [Fact]
    public void A_progressive_jpeg_of_many_scans_is_refused()
    {
        byte[] plain = Drawing.Draw(64, 64, SKColors.White, static _ => { }).Encoded(SKEncodedImageFormat.Jpeg);
        int frame = plain.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]), scan = plain.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        byte[] head = [.. plain[..scan]];
        (head[frame + 1], head[frame + 5], head[frame + 6], head[frame + 7], head[frame + 8]) = (0xC2, 8000 >> 8, 8000 & 255, 8000 >> 8, 8000 & 255);
        byte[] scans = [.. Enumerable.Repeat(plain[scan..^2], 300).SelectMany(bytes => bytes)];
        string path = _folder.Write("scans.jpg", [.. head, .. scans, .. new byte[1 << 18], 0xFF, 0xD9]);

        Assert.Contains("300 scans of 8000 x 8000 pixels", Assert.Throws<ImageFileException>(() => ImageFile.ReadGrey(path)).Message, StringComparison.Ordinal);
    }

    private static byte[] Gif(int width, int height, byte[] codes) => GifBytes.Of(width, height, (0, 0, width, height), new byte[6], 1, isInterlaced: false, transparent: null, codes);

    private static byte[] Png(uint width, uint height, byte type, byte depth, byte[] rows) => PngBytes.Of(
        [("IHDR", PngBytes.Header(width, height, depth, type, interlace: 0)), ("PLTE", [.. Enumerable.Repeat((byte)255, 768)]), ("IDAT", PngBytes.Compressed(rows)), ("IEND", [])]);
}
