namespace ImplicitNet.Training.Data.Augmentations;

/// <summary>One normalised image on its way into a batch, changed in place: float32, [height, width, channels].</summary>
/// <param name="pixels">All values of the image.</param>
/// <param name="blackRow">A row of black, byte 0 normalised, [width, channels].</param>
/// <param name="width">Columns.</param>
internal readonly ref struct AugmentedImage(Span<float> pixels, ReadOnlySpan<float> blackRow, int width)
{
    private readonly Span<float> _pixels = pixels;
    private readonly ReadOnlySpan<float> _blackRow = blackRow;

    public int Width { get; } = width;

    public int Height => _pixels.Length / _blackRow.Length;

    private int Channels => _blackRow.Length / Width;

    /// <summary>Moves the image by up to a number of pixels along each axis, all shifts equally likely; what moves in is black.</summary>
    public void MoveAtRandom(RandomNumbers random, int maximum) =>
        Move(random.Next((2 * maximum) + 1) - maximum, random.Next((2 * maximum) + 1) - maximum);

    /// <summary>Moves the image; what moves in is black.</summary>
    public void Move(int down, int right)
    {
        int kept = Math.Max(0, Width - Math.Abs(right)) * Channels;
        int from = Math.Max(0, -right) * Channels;
        int to = Math.Max(0, right) * Channels;
        for (int turn = 0; turn < Height; turn++)
        {
            // In place: a row is read before it is written.
            int row = down > 0 ? Height - 1 - turn : turn;
            Span<float> target = Row(row);
            int source = row - down;
            if (kept == 0 || source < 0 || source >= Height)
            {
                _blackRow.CopyTo(target);
                continue;
            }

            Row(source).Slice(from, kept).CopyTo(target[to..]);
            _blackRow[..to].CopyTo(target);
            _blackRow[(to + kept)..].CopyTo(target[(to + kept)..]);
        }
    }

    /// <summary>Exchanges left and right.</summary>
    public void Mirror()
    {
        for (int row = 0; row < Height; row++)
        {
            Span<float> values = Row(row);
            values.Reverse();
            for (int place = 0; Channels > 1 && place < values.Length; place += Channels)
            {
                values.Slice(place, Channels).Reverse(); // the channels keep their order
            }
        }
    }

    /// <summary>Puts 0, the mean of the training pixels, into a rectangle that lies inside.</summary>
    public void Erase(int top, int left, int height, int width)
    {
        for (int row = top; row < top + height; row++)
        {
            Row(row).Slice(left * Channels, width * Channels).Clear();
        }
    }

    private Span<float> Row(int row) => _pixels.Slice(row * _blackRow.Length, _blackRow.Length);
}
