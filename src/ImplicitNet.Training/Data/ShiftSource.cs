namespace ImplicitNet.Training.Data;

/// <summary>Random shifts for the images of one epoch: each a function of the seed, the epoch and the image's index only.</summary>
internal sealed class ShiftSource(long seed, int epoch, int maximum)
{
    private readonly ulong _key = RandomStream.Key(seed, RandomPurpose.Shift, epoch);

    /// <summary>Rows down and columns to the right by which an image moves, each from -maximum to maximum.</summary>
    public (int Down, int Right) Of(int index)
    {
        RandomStream random = new(_key, (uint)index);
        return (random.Next((2 * maximum) + 1) - maximum, random.Next((2 * maximum) + 1) - maximum);
    }

    /// <summary>Writes the shifted image to <paramref name="shifted"/>, [height, width, channels]; what moves in is 0.</summary>
    public void Shift(ImageDataset dataset, int index, Span<byte> shifted)
    {
        (int down, int right) = Of(index);
        int rowLength = dataset.Width * dataset.Channels;
        int kept = Math.Max(0, dataset.Width - Math.Abs(right)) * dataset.Channels;
        int from = Math.Max(0, -right) * dataset.Channels;
        int to = Math.Max(0, right) * dataset.Channels;
        ReadOnlySpan<byte> pixels = dataset.Image(index);
        shifted.Clear();
        for (int row = Math.Max(0, down); row < Math.Min(dataset.Height, dataset.Height + down); row++)
        {
            if (kept > 0)
            {
                pixels.Slice(((row - down) * rowLength) + from, kept).CopyTo(shifted[((row * rowLength) + to)..]);
            }
        }
    }
}
