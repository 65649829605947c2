using System.Runtime.CompilerServices;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>Lines of tiles of some samples, which are transformed and multiplied together.</summary>
internal readonly record struct WinogradStrip(int FirstSample, int Samples, int FirstLine, int Lines, ImageSize Image)
{
    // Products of a small matrix with about so many rows keep it in the first cache, and all that belongs to them in the second.
    private const int RowsAtOnce = 36;

    /// <summary>Tiles of a sample.</summary>
    public int Tiles => Lines * Image.TileColumns;

    /// <summary>Tiles of all samples, and what is missing to a multiple of the rows that are multiplied at once.</summary>
    public int Rows => SmallProducts.RoundUp(Samples * Tiles);

    /// <summary>Samples that one call should be given, at most: more would not fit into the cache together.</summary>
    public static int SamplesAtOnce(ImageSize image) => Math.Max(1, RowsAtOnce / image.Tiles);

    /// <summary>Lines of tiles in a strip, at most.</summary>
    public static int LinesAtOnce(ImageSize image) => Math.Min(image.TileRows, Math.Max(1, RowsAtOnce / image.TileColumns));

    /// <summary>The strips of some samples, one after the other.</summary>
    public static Enumerator Of(int samples, ImageSize image) => new(samples, image);

    /// <summary>Where the outputs of a tile lie.</summary>
    /// <param name="tile">Its number in the strip.</param>
    public WinogradPatch Patch(int tile)
    {
        (int sample, int place) = Math.DivRem(tile, Tiles);
        (int row, int column) = Math.DivRem(place, Image.TileColumns);
        (int y, int x) = ((FirstLine + row) * WinogradTile.Outputs, column * WinogradTile.Outputs);
        return new WinogradPatch(
            ((((FirstSample + sample) * Image.Height) + y) * Image.Width) + x,
            Math.Min(WinogradTile.Outputs, Image.Height - y),
            Math.Min(WinogradTile.Outputs, Image.Width - x),
            Image.Width);
    }

    /// <summary><c>B^T d B</c> of all tiles, for <see cref="WinogradWorkspace.Inputs"/>.</summary>
    /// <param name="input">All samples: [samples, height, width, inputs].</param>
    /// <param name="inputs">Channels.</param>
    /// <param name="work">With room for it.</param>
    /// <typeparam name="TLanes">The width of a register.</typeparam>
    // Inlined into their caller, the transforms have too few registers and take twice as long.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void TransformInputs<TLanes>(ReadOnlySpan<float> input, int inputs, WinogradWorkspace work)
        where TLanes : struct, ILanes<TLanes>
    {
        (int pixel, int product) = (inputs, Rows * inputs);
        int line = work.PaddedWidth * inputs;
        for (int sample = 0; sample < Samples; sample++)
        {
            work.Pad(input.Slice((FirstSample + sample) * Image.Pixels * inputs, Image.Pixels * inputs),
                FirstLine * WinogradTile.Outputs, Lines);
            for (int tile = 0; tile < Tiles; tile++)
            {
                (int row, int column) = Math.DivRem(tile, Image.TileColumns);
                ref float pixels = ref work.Padded[(row * WinogradTile.Outputs * line) + (column * WinogradTile.Outputs * pixel)];
                ref float products = ref work.Inputs[((sample * Tiles) + tile) * inputs];
                for (int channel = 0; channel < inputs; channel += TLanes.Count)
                {
                    WinogradTile.TransformInput<TLanes>(
                        ref Unsafe.Add(ref pixels, channel), pixel, line, ref Unsafe.Add(ref products, channel), product);
                }
            }
        }
    }

    /// <summary>The strips of some samples.</summary>
    public struct Enumerator(int samples, ImageSize image)
    {
        private int _sample;
        private int _line = -LinesAtOnce(image);

        /// <summary>The strip.</summary>
        public readonly WinogradStrip Current => new(
            _sample, Math.Min(SamplesAtOnce(image), samples - _sample), _line, Math.Min(LinesAtOnce(image), image.TileRows - _line), image);

        /// <summary>Goes on to the next.</summary>
        public bool MoveNext()
        {
            _line += LinesAtOnce(image);
            if (_line >= image.TileRows)
            {
                _line = 0;
                _sample += SamplesAtOnce(image);
            }

            return _sample < samples;
        }

        /// <summary>Itself, for a loop.</summary>
        public readonly Enumerator GetEnumerator() => this;
    }
}
