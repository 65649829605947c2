using ImplicitNet.Tests.Cli.Images;
using SkiaSharp;

namespace ImplicitNet.Tests.Cli;

/// <summary>Pictures to be classified.</summary>
internal static class TestImages
{
    /// <summary>A dark two on white, in the format that the name ends in.</summary>
    public static string Write(string path) =>
        Drawing.Draw(120, 160, SKColors.White, canvas => canvas.Two(new SKRect(30, 30, 90, 130), 12, SKColors.Black))
            .Save(path, path.EndsWith(".jpg", StringComparison.Ordinal) ? SKEncodedImageFormat.Jpeg : SKEncodedImageFormat.Png);
}
