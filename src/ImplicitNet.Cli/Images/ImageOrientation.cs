using SkiaSharp;

namespace ImplicitNet.Cli.Images;

/// <summary>Turns an image as its file says that the camera was held.</summary>
internal static class ImageOrientation
{
    /// <summary>The image with its top at the top; the same object where nothing is to be done.</summary>
    public static GreyImage Upright(GreyImage image, SKEncodedOrigin origin)
    {
        if (origin is SKEncodedOrigin.TopLeft)
        {
            return image;
        }

        // The origin names the sides on which the stored row 0 and column 0 are seen; from LeftTop on, rows are seen as columns.
        bool turned = origin >= SKEncodedOrigin.LeftTop;
        bool fromBottom = origin is SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft
            or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        bool fromRight = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight
            or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        (int height, int width) = turned ? (image.Width, image.Height) : (image.Height, image.Width);
        byte[] pixels = new byte[height * width];
        for (int row = 0; row < height; row++)
        {
            int y = fromBottom ? height - 1 - row : row;
            for (int column = 0; column < width; column++)
            {
                int x = fromRight ? width - 1 - column : column;
                pixels[(row * width) + column] = turned ? image[x, y] : image[y, x];
            }
        }

        return new GreyImage(pixels, height, width);
    }
}
