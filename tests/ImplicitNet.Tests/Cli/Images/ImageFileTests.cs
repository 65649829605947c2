using System.Buffers.Binary;
using ImplicitNet.Cli.Images;
using SkiaSharp;

namespace ImplicitNet.Tests.Cli.Images;

public sealed class ImageFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Colours_become_grey_and_rows_stay_rows()
    {
        using SKBitmap bitmap = Drawing.Draw(3, 2, SKColors.Black, static _ => { });
        bitmap.SetPixel(0, 0, SKColors.White);
        bitmap.SetPixel(1, 0, new SKColor(255, 0, 0));
        bitmap.SetPixel(2, 0, new SKColor(0, 255, 0));
        bitmap.SetPixel(0, 1, new SKColor(0, 0, 255));
        bitmap.SetPixel(1, 1, new SKColor(100, 100, 100));

        GreyImage image = ImageFile.ReadGrey(bitmap.Copy().Save(_folder["a.png"]));

        Assert.Equal((2, 3), (image.Height, image.Width));
        Assert.Equal([255, 76, 150, 29, 100, 0], image.Pixels);
    }

    [Fact]
    public void Transparency_lies_on_white()
    {
        using SKBitmap bitmap = Drawing.Draw(3, 1, SKColors.Transparent, static _ => { });
        bitmap.SetPixel(1, 0, new SKColor(0, 0, 0, 102));
        bitmap.SetPixel(2, 0, new SKColor(0, 0, 0, 255));

        Assert.Equal([255, 153, 0], ImageFile.ReadGrey(bitmap.Copy().Save(_folder["a.png"])).Pixels);
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    [InlineData(SKEncodedImageFormat.Png)]
    public void Other_formats_are_read_at_the_size_asked_for(SKEncodedImageFormat format)
    {
        string path = Drawing.Draw(64, 32, SKColors.White, static canvas =>
        {
            using var black = new SKPaint { Color = SKColors.Black };
            canvas.DrawRect(0, 0, 32, 32, black);
        }).Save(_folder["a"], format);

        GreyImage image = ImageFile.ReadGrey(path, 4, 8);

        Assert.Equal((4, 8), (image.Height, image.Width));
        for (int row = 0; row < 4; row++)
        {
            Assert.InRange(image[row, 0], 0, 6);
            Assert.InRange(image[row, 7], 249, 255);
        }
    }

    [Fact]
    public void A_file_that_is_no_image_is_refused()
    {
        File.WriteAllText(_folder["notes.txt"], "not an image");
        File.WriteAllText(_folder["empty.png"], "");

        Assert.Equal(
            $"{_folder["notes.txt"]}: is not an image; PNG, JPEG, WebP, GIF or BMP was expected.",
            Assert.Throws<ImageFileException>(() => ImageFile.ReadGrey(_folder["notes.txt"])).Message);
        Assert.Throws<ImageFileException>(() => ImageFile.ReadGrey(_folder["empty.png"]));
        Assert.Throws<ImageFileException>(() => ImageFile.ReadGrey(_folder["missing.png"]));
        Assert.Throws<ImageFileException>(() => ImageFile.ReadGrey(_folder.Path));
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Png)]
    public void An_image_that_is_cut_off_is_refused(SKEncodedImageFormat format)
    {
        string path = Drawing.Draw(200, 200, SKColors.White, static canvas => canvas.Two(new SKRect(50, 50, 150, 150), 9, SKColors.Red))
            .Save(_folder["a"], format);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^600]);

        var exception = Assert.Throws<ImageFileException>(() => ImageFile.ReadGrey(path));

        Assert.Contains("cut off", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_pixels_are_refused_before_they_are_decoded()
    {
        // The sizes in the header of a small PNG are overwritten (bytes 16 to 23), and its checksum with them.
        byte[] file = File.ReadAllBytes(Drawing.Draw(4, 4, SKColors.White, static _ => { }).Save(_folder["a.png"]));
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(16), 20_000);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(20), 20_000);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(29), PngChecksum(file.AsSpan(12, 17)));
        File.WriteAllBytes(_folder["a.png"], file);

        var exception = Assert.Throws<ImageFileException>(() => ImageFile.ReadGrey(_folder["a.png"]));

        Assert.Contains("has 20000 x 20000 pixels; at most 64000000", exception.Message, StringComparison.Ordinal);
    }

    // CRC-32 as the PNG specification defines it, bit by bit.
    private static uint PngChecksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }
}
