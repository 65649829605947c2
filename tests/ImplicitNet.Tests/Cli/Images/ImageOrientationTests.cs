using ImplicitNet.Cli.Images;
using SkiaSharp;

namespace ImplicitNet.Tests.Cli.Images;

public sealed class ImageOrientationTests
{
    // What is seen is always the same picture; the file stores it as the camera was held (EXIF tag 274).
    private static readonly GreyImage Seen = new([1, 2, 3, 4, 5, 6], 2, 3);

    [Theory]
    [InlineData(SKEncodedOrigin.TopLeft, 2, 3, new byte[] { 1, 2, 3, 4, 5, 6 })]
    [InlineData(SKEncodedOrigin.TopRight, 2, 3, new byte[] { 3, 2, 1, 6, 5, 4 })]
    [InlineData(SKEncodedOrigin.BottomRight, 2, 3, new byte[] { 6, 5, 4, 3, 2, 1 })]
    [InlineData(SKEncodedOrigin.BottomLeft, 2, 3, new byte[] { 4, 5, 6, 1, 2, 3 })]
    [InlineData(SKEncodedOrigin.LeftTop, 3, 2, new byte[] { 1, 4, 2, 5, 3, 6 })]
    [InlineData(SKEncodedOrigin.RightTop, 3, 2, new byte[] { 3, 6, 2, 5, 1, 4 })]
    [InlineData(SKEncodedOrigin.RightBottom, 3, 2, new byte[] { 6, 3, 5, 2, 4, 1 })]
    [InlineData(SKEncodedOrigin.LeftBottom, 3, 2, new byte[] { 4, 1, 5, 2, 6, 3 })]
    public void Every_way_to_hold_a_camera_gives_the_same_picture(SKEncodedOrigin origin, int height, int width, byte[] stored)
    {
        GreyImage upright = ImageOrientation.Upright(new GreyImage(stored, height, width), origin);

        Assert.Equal((Seen.Height, Seen.Width), (upright.Height, upright.Width));
        Assert.Equal(Seen.Pixels, upright.Pixels);
    }
}
