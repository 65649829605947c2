using ImplicitNet.Cli.Images;
using SkiaSharp;

namespace ImplicitNet.Tests.Cli.Images;

public sealed class ColourImageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Colours_stay_colours_and_transparency_lies_on_white()
    {
        using SKBitmap bitmap = Drawing.Draw(2, 2, SKColors.Black, static _ => { });
        bitmap.SetPixel(0, 0, new SKColor(200, 100, 50));
        bitmap.SetPixel(1, 0, new SKColor(255, 0, 0, 102));
        bitmap.SetPixel(0, 1, SKColors.Transparent);

        ColourImage image = ImageFile.ReadColour(bitmap.Copy().Save(_folder["a.png"]));

        Assert.Equal((2, 2), (image.Height, image.Width));
        Assert.Equal([200, 100, 50, 255, 153, 153, 255, 255, 255, 0, 0, 0], image.ToPixels());
    }

    [Fact]
    public void An_image_is_read_at_the_size_asked_for()
    {
        string path = Drawing.Draw(64, 32, SKColors.Blue, static canvas =>
        {
            using var red = new SKPaint { Color = SKColors.Red };
            canvas.DrawRect(0, 0, 32, 32, red);
        }).Save(_folder["a.png"]);

        ColourImage image = ImageFile.ReadColour(path, 4, 8);

        Assert.Equal((4, 8), (image.Height, image.Width));
        Assert.Equal([255, 0, 0], image.ToPixels()[..3]);
        Assert.Equal([0, 0, 255], image.ToPixels()[^3..]);
    }

    [Fact]
    public void A_file_that_is_no_image_is_refused()
    {
        File.WriteAllText(_folder["notes.txt"], "not an image");
        Assert.Throws<ImageFileException>(() => ImageFile.ReadColour(_folder["notes.txt"]));
        Assert.Throws<ImageFileException>(() => ImageFile.ReadColour(_folder["missing.png"], 2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageFile.ReadColour(_folder["missing.png"], 0, 2));
    }

    [Fact]
    public void Planes_of_different_size_are_refused()
    {
        GreyImage small = new([1], 1, 1), large = new([1, 2], 1, 2);
        Assert.Throws<ArgumentException>(() => new ColourImage(small, small, large));
        Assert.Throws<ArgumentException>(() => new ColourImage(large, small, large));
    }
}
