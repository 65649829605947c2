namespace ImplicitNet.Cli.Images;

/// <summary>An image of red, green and blue, each a plane of its own.</summary>
internal sealed class ColourImage
{
    /// <summary>Joins three planes of one size.</summary>
    /// <exception cref="ArgumentException">The planes differ in size.</exception>
    public ColourImage(GreyImage red, GreyImage green, GreyImage blue)
    {
        ArgumentNullException.ThrowIfNull(red);
        ArgumentNullException.ThrowIfNull(green);
        ArgumentNullException.ThrowIfNull(blue);
        foreach (GreyImage plane in (GreyImage[])[green, blue])
        {
            if ((plane.Height, plane.Width) != (red.Height, red.Width))
            {
                throw new ArgumentException(
                    $"The planes must be of one size; red is {red.Height} x {red.Width}, another {plane.Height} x {plane.Width}.");
            }
        }

        (Red, Green, Blue) = (red, green, blue);
    }

    /// <summary>The red plane, 0 none to 255 full.</summary>
    public GreyImage Red { get; }

    /// <summary>The green plane, 0 none to 255 full.</summary>
    public GreyImage Green { get; }

    /// <summary>The blue plane, 0 none to 255 full.</summary>
    public GreyImage Blue { get; }

    /// <summary>Rows.</summary>
    public int Height => Red.Height;

    /// <summary>Columns.</summary>
    public int Width => Red.Width;

    /// <summary>Scales to another size, each plane as <see cref="GreyImage.Resized"/> does.</summary>
    /// <param name="height">Rows of the result, at least 1.</param>
    /// <param name="width">Columns of the result, at least 1.</param>
    public ColourImage Resized(int height, int width) =>
        new(Red.Resized(height, width), Green.Resized(height, width), Blue.Resized(height, width));

    /// <summary>A copy of the pixels as data sets and networks have them, [height, width, 3].</summary>
    public byte[] ToPixels()
    {
        byte[] pixels = new byte[3 * Height * Width];
        for (int place = 0; place < Height * Width; place++)
        {
            pixels[3 * place] = Red.Pixels[place];
            pixels[(3 * place) + 1] = Green.Pixels[place];
            pixels[(3 * place) + 2] = Blue.Pixels[place];
        }

        return pixels;
    }
}
