using ImplicitNet.Reports;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using SkiaSharp;

namespace ImplicitNet.Tests.Reports;

public sealed class ReportPictureTests
{
    private static readonly string[] Classes = ["cat", "<dog>"];

    [Fact]
    public void Colours_stay_what_they_are()
    {
        ReportPicture picture = ReportPicture.Of(Image(Data(2, 1, 3, [1, 2, 3, 250, 128, 7])), Classes);
        using SKBitmap bitmap = SKBitmap.Decode(picture.Png);
        Assert.Equal([new SKColor(1, 2, 3), new SKColor(250, 128, 7)], bitmap.Pixels);
    }

    [Fact]
    public void An_image_of_one_channel_is_grey()
    {
        ReportPicture picture = ReportPicture.Of(Image(Data(1, 2, 1, [9, 200])), Classes);
        using SKBitmap bitmap = SKBitmap.Decode(picture.Png);
        Assert.Equal((1, 2), (bitmap.Width, bitmap.Height));
        Assert.Equal([new SKColor(9, 9, 9), new SKColor(200, 200, 200)], bitmap.Pixels);
    }

    [Fact]
    public void A_large_image_is_made_smaller_and_keeps_its_shape()
    {
        using SKBitmap bitmap = SKBitmap.Decode(ReportPicture.Of(Image(Data(400, 200, 3, new byte[400 * 200 * 3])), Classes).Png);
        Assert.Equal((96, 48), (bitmap.Width, bitmap.Height));
    }

    [Fact]
    public void What_is_below_says_the_answer_the_truth_and_the_solve()
    {
        AnsweredImage image = Image(Data(1, 1, 1, [0]));
        ReportPicture wrong = ReportPicture.Of(image, Classes);
        Assert.Equal(("Image 0: cat. The network said <dog>.", true), (wrong.Description, wrong.IsWrong));
        Assert.Equal(["said <dog>, is cat", "51.2 %", "7 steps, Stalled", "residual 2 × 10⁻⁵"], wrong.Lines);
        ReportPicture right = ReportPicture.Of(image with { Answer = 0, Status = SolveStatus.Converged, Steps = 1, Probability = double.NaN }, Classes);
        Assert.Equal(["cat, correct", "no probability", "1 step", "residual 2 × 10⁻⁵"], right.Lines);
        Assert.False(right.IsWrong);
        Assert.Equal(2, ReportPicture.Of(image with { Status = null }, Classes).Lines.Count);
    }

    private static AnsweredImage Image(ImageDataset data) =>
        new() { Images = data, Index = 0, Answer = 1, Probability = 0.512, Status = SolveStatus.Stalled, Steps = 7, RelativeResidual = 2e-5 };

    private static ImageDataset Data(int width, int height, int channels, byte[] pixels) =>
        new("images", height, width, channels, 2, [.. pixels], [0]);
}
