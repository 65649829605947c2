using ImplicitNet.Cli.Images;
using ImplicitNet.Reports.Drawing;
using SkiaSharp;

namespace ImplicitNet.Tests.Reports.Drawing;

public sealed class PictureSheetTests
{
    /// <summary>Each picture is of one grey, that of its place.</summary>
    [Fact]
    public void Rows_stand_below_each_other_and_pictures_are_enlarged_by_a_whole_number()
    {
        byte[] greys = [10, 60, 110, 160];
        (byte[], string) Picture(byte grey) => (PngFile.Encode(Grey(grey, 32, 40)), $"{grey} dB");
        PictureRow[] rows = [new("measured", [Picture(10), Picture(60)]), new("restored", [Picture(110), Picture(160)])];
        using SKBitmap sheet = SKBitmap.Decode(PictureSheet.ToPng(rows));
        Assert.Equal(SKColors.White, sheet.GetPixel(2, 2));
        Dictionary<byte, int[]> found = greys.ToDictionary(grey => grey, grey => Enumerable.Range(0, sheet.Width * sheet.Height)
            .Where(place => sheet.GetPixel(place % sheet.Width, place / sheet.Width) == new SKColor(grey, grey, grey)).ToArray());

        // 40 wide, so 5 times: 200 by 160 pixels; captions and names have other pixels of their own.
        Assert.All(greys, grey => Assert.InRange(found[grey].Length, 200 * 160, 200 * 160 * 1.01));
        (int Across, int Down) First(byte grey) => (found[grey].Min(place => place % sheet.Width), found[grey].Min(place => place / sheet.Width));
        Assert.True(First(60).Across >= First(10).Across + 200 && First(60).Down <= First(10).Down + 2);
        Assert.True(First(110).Down >= First(10).Down + 160);
    }

    private static ColourImage Grey(byte grey, int height, int width)
    {
        GreyImage plane = new([.. Enumerable.Repeat(grey, height * width)], height, width);
        return new ColourImage(plane, plane, plane);
    }
}
