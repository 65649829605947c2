namespace ImplicitNet.Kernels.Winograd;

/// <summary>The memory in which a thread convolves: some hundred kilobytes, kept for its next call.</summary>
internal sealed class WinogradWorkspace
{
    [ThreadStatic]
    private static WinogradWorkspace? _ofThread;

    private ImageSize _image;
    private int _channels;

    private WinogradWorkspace()
    {
    }

    /// <summary>Pixels in a line of <see cref="Padded"/>.</summary>
    public int PaddedWidth => (_image.TileColumns * WinogradTile.Outputs) + 2;

    /// <summary>Lines of one sample with a border of zeros: [lines, padded width, inputs].</summary>
    public float[] Padded { get; private set; } = [];

    /// <summary>Transformed tiles: [25, rows, inputs].</summary>
    public float[] Inputs { get; private set; } = [];

    /// <summary>Their products with the kernel: [25, rows, outputs].</summary>
    public float[] Outputs { get; private set; } = [];

    /// <summary>The calling thread's, with room for so much.</summary>
    /// <param name="image">Size of the samples.</param>
    /// <param name="inputs">Channels in.</param>
    /// <param name="outputs">Channels out.</param>
    public static WinogradWorkspace OfThread(ImageSize image, int inputs, int outputs)
    {
        int lines = WinogradStrip.LinesAtOnce(image);
        int rows = SmallProducts.RoundUp(WinogradStrip.SamplesAtOnce(image) * lines * image.TileColumns);
        WinogradWorkspace work = _ofThread ??= new WinogradWorkspace();
        bool isAsBefore = (work._image, work._channels) == (image, inputs);
        (work._image, work._channels) = (image, inputs);
        int padded = ((lines * WinogradTile.Outputs) + 2) * work.PaddedWidth * inputs;
        if (work.Padded.Length < padded)
        {
            work.Padded = new float[padded];
        }
        else if (!isAsBefore)
        {
            // The columns of the border lie elsewhere now.
            Array.Clear(work.Padded);
        }

        work.Inputs = WithRoom(work.Inputs, WinogradTile.Products * rows * inputs);
        work.Outputs = WithRoom(work.Outputs, WinogradTile.Products * rows * outputs);
        return work;
    }

    /// <summary>Copies what some lines of tiles see of a sample into <see cref="Padded"/>; what lies outside the image is zero.</summary>
    /// <param name="sample">[height, width, inputs].</param>
    /// <param name="firstLine">The first line of outputs.</param>
    /// <param name="tileRows">Lines of tiles.</param>
    public void Pad(ReadOnlySpan<float> sample, int firstLine, int tileRows)
    {
        int length = _image.Width * _channels;
        for (int line = 0; line < (tileRows * WinogradTile.Outputs) + 2; line++)
        {
            // The columns of the border were zero from the start, and nothing is written there.
            Span<float> to = Padded.AsSpan(((line * PaddedWidth) + 1) * _channels, length);
            int from = firstLine + line - 1;
            if (from >= 0 && from < _image.Height)
            {
                sample.Slice(from * length, length).CopyTo(to);
            }
            else
            {
                to.Clear();
            }
        }
    }

    private static float[] WithRoom(float[] array, int length) => array.Length < length ? new float[length] : array;
}
