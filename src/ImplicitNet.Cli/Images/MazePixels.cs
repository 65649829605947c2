namespace ImplicitNet.Cli.Images;

/// <summary>The pixels of a drawn maze by what their colours mean, within the rectangle that is not white around.</summary>
internal sealed class MazePixels
{
    // A third of the range for each of black, nothing and white; a colour is clear where it stands out nearly as far from both others.
    private const int Third = 85;
    private const int Clear = 64;

    private readonly ColourImage _image;
    private readonly MazeInk[] _inks;

    /// <summary>Looks at every pixel of an image.</summary>
    public MazePixels(ColourImage image)
    {
        _image = image;
        _inks = new MazeInk[image.Height * image.Width];
        int bottom = -1, right = -1;
        (Top, Left) = (image.Height, image.Width);
        for (int place = 0; place < _inks.Length; place++)
        {
            _inks[place] = Ink(image.Red.Pixels[place], image.Green.Pixels[place], image.Blue.Pixels[place]);
            if (_inks[place] != MazeInk.Open)
            {
                (int row, int column) = Math.DivRem(place, image.Width);
                (Top, bottom) = (Math.Min(Top, row), row);
                (Left, right) = (Math.Min(Left, column), Math.Max(right, column));
            }
        }

        (Height, Width) = (bottom - Top + 1, right - Left + 1);
    }

    /// <summary>The first row with anything on it.</summary>
    public int Top { get; }

    /// <summary>The first column with anything on it.</summary>
    public int Left { get; }

    /// <summary>Rows of the rectangle.</summary>
    public int Height { get; }

    /// <summary>Columns of the rectangle.</summary>
    public int Width { get; }

    /// <summary>Whether the image is larger than the rectangle.</summary>
    public bool HasMargin => (Height, Width) != (_image.Height, _image.Width);

    /// <summary>What a pixel of the image means.</summary>
    public MazeInk this[int row, int column] => _inks[(row * _image.Width) + column];

    /// <summary>The colour of a pixel, as #rrggbb.</summary>
    public string Colour(int row, int column) =>
        $"#{_image.Red[row, column]:x2}{_image.Green[row, column]:x2}{_image.Blue[row, column]:x2}";

    /// <summary>
    /// Height and width of the first area of a colour, through its middle, so that rims that are blurred do not matter; zeros where there
    /// is none. A cell is a square: what is none is found out where cells are read.
    /// </summary>
    public (int Height, int Width) FirstOf(MazeInk ink)
    {
        int place = Array.IndexOf(_inks, ink);
        if (place < 0)
        {
            return (0, 0);
        }

        // The first pixel may be a corner of the rim; the second round begins in the middle.
        (int height, int width) = (0, 0);
        for (int round = 0; round < 2; round++)
        {
            (int row, int column) = Math.DivRem(place, _image.Width);
            (int above, int below) = (Run(place, -_image.Width, row), Run(place, _image.Width, _image.Height - 1 - row));
            place += (below - above) / 2 * _image.Width;
            (int before, int behind) = (Run(place, -1, column), Run(place, 1, _image.Width - 1 - column));
            place += (behind - before) / 2;
            (height, width) = (above + below + 1, before + behind + 1);
        }

        return (height, width);
    }

    // Pixels of the same colour from a place on, in a direction.
    private int Run(int place, int step, int most)
    {
        int length = 0;
        while (length < most && _inks[place + ((length + 1) * step)] == _inks[place])
        {
            length++;
        }

        return length;
    }

    private static MazeInk Ink(byte red, byte green, byte blue) =>
        green - Math.Max(red, blue) >= Clear ? MazeInk.Start
        : red - Math.Max(green, blue) >= Clear ? MazeInk.Goal
        : Math.Max(Math.Max(red, green), blue) <= Third ? MazeInk.Wall
        : Math.Min(Math.Min(red, green), blue) >= byte.MaxValue - Third ? MazeInk.Open
        : MazeInk.None;
}
