using System.Globalization;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using SkiaSharp;

namespace ImplicitNet.Reports;

/// <summary>A small picture of a report and what is said of it.</summary>
/// <param name="Png">The picture, as PNG.</param>
/// <param name="Description">What it shows, for those who cannot see it.</param>
/// <param name="Lines">Below it; the first is the most important one.</param>
/// <param name="IsWrong">Whether it shows a mistake.</param>
internal sealed record ReportPicture(byte[] Png, string Description, IReadOnlyList<string> Lines, bool IsWrong)
{
    // In pixels; a larger image is made smaller, so that a page of many stays small.
    private const int MostSide = 96;

    /// <summary>Of an image of one or of three channels.</summary>
    /// <param name="image">The image.</param>
    /// <param name="classes">The names of all classes.</param>
    public static ReportPicture Of(AnsweredImage image, IReadOnlyList<string> classes)
    {
        (string answer, string truth) = (classes[image.Answer], classes[image.Label]);
        string probability = double.IsFinite(image.Probability)
            ? string.Create(CultureInfo.InvariantCulture, $"{100 * image.Probability:0.0} %")
            : "no probability";
        string said = image.IsRight ? $"{truth}, correct" : $"said {answer}, is {truth}";
        return new ReportPicture(
            Encode(image.Images, image.Index),
            string.Create(CultureInfo.InvariantCulture, $"Image {image.Index:N0}: {truth}. The network said {answer}."),
            image.Status is { } status ? [said, probability, .. Solve(image, status)] : [said, probability],
            !image.IsRight);
    }

    private static string[] Solve(AnsweredImage image, SolveStatus status) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"{image.Steps:N0} step{(image.Steps == 1 ? "" : "s")}")
            + (status == SolveStatus.Converged ? "" : $", {status}"),
        $"residual {WrittenNumber.Of(image.RelativeResidual, 2)}",
    ];

    private static byte[] Encode(ImageDataset images, int index)
    {
        ReadOnlySpan<byte> pixels = images.Image(index);
        using SKBitmap bitmap = new(images.Width, images.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (int place = 0; place < images.Width * images.Height; place++)
        {
            ReadOnlySpan<byte> pixel = pixels.Slice(place * images.Channels, images.Channels);
            bitmap.SetPixel(place % images.Width, place / images.Width, new SKColor(pixel[0], pixel[pixel.Length / 2], pixel[^1]));
        }

        double scale = Math.Min(1, (double)MostSide / Math.Max(images.Width, images.Height));
        using SKBitmap shown = scale == 1 ? bitmap.Copy() : bitmap.Resize(
            new SKSizeI(Math.Max(1, (int)(scale * images.Width)), Math.Max(1, (int)(scale * images.Height))), SKSamplingOptions.Default);
        using SKData data = shown.Encode(SKEncodedImageFormat.Png, quality: 100);
        return data.ToArray();
    }
}
