using ImplicitNet.Cli.Images;
using SkiaSharp;

namespace ImplicitNet.Tests.Cli.Images;

public sealed class DigitImageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<int, int, float, float, float, float, float> Places => new()
    {
        { 400, 300, 40, 30, 120, 200, 18 }, // upper left, tall
        { 400, 300, 200, 150, 160, 90, 10 }, // lower right, wide
        { 2000, 1500, 900, 300, 500, 800, 60 }, // a photo
        { 12, 14, 3, 3, 5, 7, 1.5f }, // smaller than the result
        { 60, 90, 30, 10, 0, 70, 6 }, // a one: no width at all
    };

    [Theory]
    [MemberData(nameof(Places))]
    public void A_digit_anywhere_and_of_any_size_is_centred_in_a_box_of_twenty(int width, int height, float left, float top, float w, float h, float pen)
    {
        GreyImage digit = DigitImage.Read(
            Drawing.Draw(width, height, SKColors.White, canvas => canvas.Two(SKRect.Create(left, top, w, h), pen, SKColors.Black)).Save(_folder["a.png"]));

        (double row, double column, int longest) = Measure(digit);
        Assert.Equal((28, 28), (digit.Height, digit.Width));
        Assert.InRange(longest, 19, 20);
        Assert.InRange(row, 13.5 - 1e-9, 14.5 + 1e-9);
        Assert.InRange(column, 13.5 - 1e-9, 14.5 + 1e-9);
        Assert.Equal(255, digit.Pixels.Max());
        Assert.Equal(0, digit[0, 0]);
    }

    [Fact]
    public void Dark_on_light_and_light_on_dark_give_the_same()
    {
        SKRect box = SKRect.Create(40, 30, 120, 200);
        GreyImage dark = DigitImage.Read(Drawing.Draw(300, 300, SKColors.White, canvas => canvas.Two(box, 20, SKColors.Black)).Save(_folder["a.png"]));
        GreyImage light = DigitImage.Read(Drawing.Draw(300, 300, SKColors.Black, canvas => canvas.Two(box, 20, SKColors.White)).Save(_folder["b.png"]));

        Assert.All(dark.Pixels.Zip(light.Pixels), pair => Assert.InRange(pair.First - pair.Second, -2, 2));
    }

    [Fact]
    public void Grey_paper_with_grain_and_pale_ink_gives_a_black_ground()
    {
        var random = new Random(5);
        using SKBitmap bitmap = Drawing.Draw(300, 300, new SKColor(120, 120, 120), canvas =>
            canvas.Two(SKRect.Create(90, 60, 120, 180), 24, new SKColor(50, 50, 50)));
        for (int i = 0; i < 300 * 300; i++)
        {
            (int x, int y) = (i % 300, i / 300);
            byte grey = (byte)(bitmap.GetPixel(x, y).Red + random.Next(-8, 9));
            bitmap.SetPixel(x, y, new SKColor(grey, grey, grey));
        }

        GreyImage digit = DigitImage.Read(bitmap.Copy().Save(_folder["a.png"]));
        GreyImage clean = DigitImage.Read(Drawing.Draw(300, 300, SKColors.White, canvas =>
            canvas.Two(SKRect.Create(90, 60, 120, 180), 24, SKColors.Black)).Save(_folder["b.png"]));

        Assert.True(digit.Pixels.Zip(clean.Pixels).Average(pair => Math.Abs(pair.First - pair.Second)) < 8);
        Assert.Equal(0, digit[2, 2]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    [InlineData(97)]
    public void A_blank_page_gives_black(byte grey)
    {
        var random = new Random(3);
        byte[] page = [.. Enumerable.Range(0, 50 * 60).Select(_ => (byte)Math.Clamp(grey + random.Next(-4, 5), 0, 255))];

        Assert.All(DigitImage.Prepare(new GreyImage(page, 50, 60)).Pixels, pixel => Assert.Equal(0, pixel));
        Assert.All(DigitImage.Prepare(new GreyImage([grey], 1, 1)).Pixels, pixel => Assert.Equal(0, pixel));
    }

    [Fact]
    public void Two_dots_far_from_each_other_are_no_digit()
    {
        byte[] page = new byte[2000 * 1500];
        page[0] = page[^1] = 255;
        Assert.All(DigitImage.Prepare(new GreyImage(page, 1500, 2000)).Pixels, pixel => Assert.Equal(0, pixel));
    }

    [Fact]
    public void An_image_of_the_final_size_is_taken_as_it_is_but_for_dark_and_light()
    {
        byte[] pixels = new byte[28 * 28];
        pixels[100] = 200;
        pixels[101] = 90;
        var light = new GreyImage(pixels, 28, 28);

        Assert.Equal(pixels, DigitImage.Prepare(light).Pixels);
        Assert.Equal(pixels, DigitImage.Prepare(light.Inverted()).Pixels);
    }

    // Centre of mass, and the longer side of what is at least half bright.
    private static (double Row, double Column, int Longest) Measure(GreyImage image)
    {
        var ink = (from row in Enumerable.Range(0, 28)
                   from column in Enumerable.Range(0, 28)
                   where image[row, column] > 0
                   select (Row: row, Column: column, Grey: (double)image[row, column])).ToList();
        double mass = ink.Sum(pixel => pixel.Grey);
        int height = ink.Max(pixel => pixel.Row) - ink.Min(pixel => pixel.Row) + 1;
        int width = ink.Max(pixel => pixel.Column) - ink.Min(pixel => pixel.Column) + 1;
        return (ink.Sum(pixel => pixel.Row * pixel.Grey) / mass, ink.Sum(pixel => pixel.Column * pixel.Grey) / mass, Math.Max(height, width));
    }
}
