namespace ImplicitNet.Cli.Images;

/// <summary>Makes a picture of one digit, such as a photo or a scan, look like those of MNIST: light on black, 28 x 28, centred.</summary>
/// <remarks>
/// As MNIST was made (LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998): the ink's
/// bounding box is scaled to 20 pixels on its longer side and moved so that its centre of mass is the field's centre. The ground is made
/// black and the ink white first. One digit per picture; other marks and strong shadows count as ink. Of a picture of more than 4 million
/// pixels the means of small squares are taken.
/// </remarks>
internal static class DigitImage
{
    /// <summary>Height and width of the result.</summary>
    public const int Size = 28;

    private const int InkSize = 20;

    // Measured on the first 2,000 test images of MNIST: their mean centre of mass is row 13.99, column 14.00, counted from 0.
    private const double Centre = 14;

    /// <summary>Reads and prepares an image file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>28 x 28, light on black; all black where there is no ink.</returns>
    /// <exception cref="ImageFileException">The file cannot be opened, is not an image, is cut off, or has too many pixels.</exception>
    public static GreyImage Read(string path) => Prepare(ImageFile.ReadPage(path));

    /// <summary>Prepares an image.</summary>
    /// <param name="image">Dark ink on a light ground or the reverse: the border tells which. One of 28 x 28 is taken as it is, but for
    /// dark and light.</param>
    /// <returns>28 x 28, light on black; all black where there is no ink.</returns>
    public static GreyImage Prepare(GreyImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        GreyImage light = HasLightGround(image) ? image.Inverted() : image;
        if (InkSeparation.Separate(light) is not { } ink)
        {
            return new GreyImage(new byte[Size * Size], Size, Size);
        }

        if ((light.Height, light.Width) == (Size, Size))
        {
            return light;
        }

        // A few dots far from each other are nothing any more when they are as small.
        GreyImage scaled = Scaled(CroppedToInk(ink));
        return scaled.Pixels.Max() == 0 ? new GreyImage(new byte[Size * Size], Size, Size) : Centred(Stretched(scaled));
    }

    private static bool HasLightGround(GreyImage image)
    {
        List<byte> border = [];
        for (int row = 0; row < image.Height; row++)
        {
            bool whole = row == 0 || row == image.Height - 1;
            for (int column = 0; column < image.Width; column += whole || column == image.Width - 1 ? 1 : image.Width - 1)
            {
                border.Add(image[row, column]);
            }
        }

        border.Sort();
        return border[border.Count / 2] > (image.Pixels.Min() + image.Pixels.Max()) / 2;
    }

    private static GreyImage CroppedToInk(GreyImage ink)
    {
        (int top, int left, int bottom, int right) = (ink.Height, ink.Width, -1, -1);
        for (int row = 0; row < ink.Height; row++)
        {
            for (int column = 0; column < ink.Width; column++)
            {
                if (ink[row, column] >= 128)
                {
                    (top, bottom) = (Math.Min(top, row), Math.Max(bottom, row));
                    (left, right) = (Math.Min(left, column), Math.Max(right, column));
                }
            }
        }

        return ink.Cropped(top, left, bottom - top + 1, right - left + 1);
    }

    private static GreyImage Scaled(GreyImage ink)
    {
        double scale = (double)InkSize / Math.Max(ink.Height, ink.Width);
        return ink.Resized(Math.Max((int)Math.Round(ink.Height * scale), 1), Math.Max((int)Math.Round(ink.Width * scale), 1));
    }

    // Thin strokes turn pale when they shrink; in MNIST the brightest pixel of nearly every image is 255.
    private static GreyImage Stretched(GreyImage ink)
    {
        int brightest = ink.Pixels.Max();
        return new GreyImage(Array.ConvertAll(ink.Pixels, grey => (byte)(grey * byte.MaxValue / brightest)), ink.Height, ink.Width);
    }

    private static GreyImage Centred(GreyImage ink)
    {
        double mass = 0, rows = 0, columns = 0;
        for (int row = 0; row < ink.Height; row++)
        {
            for (int column = 0; column < ink.Width; column++)
            {
                mass += ink[row, column];
                rows += (double)row * ink[row, column];
                columns += (double)column * ink[row, column];
            }
        }

        int top = Math.Clamp((int)Math.Round(Centre - (rows / mass)), 0, Size - ink.Height);
        int left = Math.Clamp((int)Math.Round(Centre - (columns / mass)), 0, Size - ink.Width);
        byte[] pixels = new byte[Size * Size];
        for (int row = 0; row < ink.Height; row++)
        {
            ink.Pixels.AsSpan(row * ink.Width, ink.Width).CopyTo(pixels.AsSpan(((top + row) * Size) + left));
        }

        return new GreyImage(pixels, Size, Size);
    }
}
