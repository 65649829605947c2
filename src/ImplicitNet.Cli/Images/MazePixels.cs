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

    /// <summary>Height and width of the first area of a colour that hangs together; zeros where there is none.</summary>
    public (int Height, int Width) FirstOf(MazeInk ink)
    {
        int first = Array.IndexOf(_inks, ink);
        if (first < 0)
        {
            return (0, 0);
        }

        (int top, int left, int bottom, int right) = (int.MaxValue, int.MaxValue, 0, 0);
        HashSet<int> seen = [first];
        Stack<int> waiting = new(seen);
        while (waiting.TryPop(out int place))
        {
            (int row, int column) = Math.DivRem(place, _image.Width);
            (top, bottom, left, right) = (Math.Min(top, row), Math.Max(bottom, row), Math.Min(left, column), Math.Max(right, column));
            foreach ((int y, int x) in ((int, int)[])[(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)])
            {
                if (y >= 0 && y < _image.Height && x >= 0 && x < _image.Width && this[y, x] == ink && seen.Add((y * _image.Width) + x))
                {
                    waiting.Push((y * _image.Width) + x);
                }
            }
        }

        return (bottom - top + 1, right - left + 1);
    }

    private static MazeInk Ink(byte red, byte green, byte blue) =>
        green - Math.Max(red, blue) >= Clear ? MazeInk.Start
        : red - Math.Max(green, blue) >= Clear ? MazeInk.Goal
        : Math.Max(Math.Max(red, green), blue) <= Third ? MazeInk.Wall
        : Math.Min(Math.Min(red, green), blue) >= byte.MaxValue - Third ? MazeInk.Open
        : MazeInk.None;
}
