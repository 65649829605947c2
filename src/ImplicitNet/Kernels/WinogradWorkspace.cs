namespace ImplicitNet.Kernels;

/// <summary>The memory in which a thread convolves: some hundred kilobytes, kept for its next call.</summary>
internal sealed class WinogradWorkspace
{
    [ThreadStatic]
    private static WinogradWorkspace? _ofThread;

    private readonly (ImageSize Image, int Lines, int Samples, int Inputs, int Outputs) _sizes;
    private readonly ImageSize _image;
    private readonly int _channels;

    private WinogradWorkspace(ImageSize image, int lines, int samples, int inputs, int outputs)
    {
        _sizes = (image, lines, samples, inputs, outputs);
        (_image, _channels) = (image, inputs);
        int rows = SmallProducts.RoundUp(samples * lines * image.TileColumns);
        PaddedWidth = (image.TileColumns * WinogradTile.Outputs) + 2;
        Padded = new float[((lines * WinogradTile.Outputs) + 2) * PaddedWidth * inputs];
        Inputs = new float[WinogradTile.Products * rows * inputs];
        Outputs = new float[WinogradTile.Products * rows * outputs];
    }

    /// <summary>Pixels in a line of <see cref="Padded"/>.</summary>
    public int PaddedWidth { get; }

    /// <summary>Lines of one sample with a border of zeros: [lines, padded width, inputs].</summary>
    public float[] Padded { get; }

    /// <summary>Transformed tiles: [25, rows, inputs].</summary>
    public float[] Inputs { get; }

    /// <summary>Their products with the kernel: [25, rows, outputs].</summary>
    public float[] Outputs { get; }

    /// <summary>What the transform of one tile needs.</summary>
    public float[] Tile { get; } = new float[WinogradTile.WorkSize];

    /// <summary>The calling thread's, for these sizes.</summary>
    public static WinogradWorkspace OfThread(ImageSize image, int lines, int samples, int inputs, int outputs)
    {
        if (_ofThread is not { } last || last._sizes != (image, lines, samples, inputs, outputs))
        {
            last = _ofThread = new WinogradWorkspace(image, lines, samples, inputs, outputs);
        }

        return last;
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
}
