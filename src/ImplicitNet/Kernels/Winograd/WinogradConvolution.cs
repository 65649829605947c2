using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>
/// A zero-padded 3 x 3 convolution of stride 1, prepared to be applied many times to samples that are in the cache, with whatever comes
/// after it (see <see cref="IEpilogue"/>) in the same pass. Channels last, float32, no graph.
/// </summary>
/// <remarks>
/// A third of the multiplications of the direct form on images of 9 x 9 (see <see cref="WinogradTile"/>), for two to three times its
/// rounding: 7e-7 of the norm against 3e-7 at 32 channels. A sample's values do not depend on the samples beside it, bit by bit.
/// Immutable; safe to use from several threads.
/// </remarks>
internal sealed class WinogradConvolution
{
    // Products of a small matrix with about so many rows keep it in the first cache, and all that belongs to them in the second.
    private const int RowsAtOnce = 36;
    private const int Side = 3;

    // [25, outputs / 16, inputs, 16]
    private readonly float[] _kernel;

    private WinogradConvolution(float[] kernel, int inputs, int outputs) => (_kernel, Inputs, Outputs) = (kernel, inputs, outputs);

    [ThreadStatic]
    private static bool _isPreferred;

    /// <summary>
    /// Whether it is faster than torch's here: on x64 with AVX2, and with AVX-512 where .NET takes registers of that width, too. So it was
    /// measured; a choice by the clock of each process would make the bits of a run depend on what else the machine had to do.
    /// </summary>
    public static bool IsFaster { get; } =
        Fma.IsSupported && Avx2.IsSupported && (!Avx512F.IsSupported || Vector512.IsHardwareAccelerated);

    /// <summary>Which convolution solves without a graph have here, in words.</summary>
    public static string InUse => !IsFaster ? "torch's"
        : Vector512.IsHardwareAccelerated ? "3 x 3: own, AVX-512; others: torch's" : "3 x 3: own, AVX2; others: torch's";

    /// <summary>Whether it is to be used: where it is faster, or preferred all the same.</summary>
    public static bool IsUsed => IsFaster || _isPreferred;

    /// <summary>Channels in.</summary>
    public int Inputs { get; }

    /// <summary>Channels out.</summary>
    public int Outputs { get; }

    private bool IsWide =>
        Vector512.IsHardwareAccelerated && Inputs % SixteenLanes.Count == 0 && Outputs % (2 * SixteenLanes.Count) == 0;

    /// <summary>
    /// Has this thread use it on any processor until the result is disposed of: what is built on it can be tested where it would
    /// not be used.
    /// </summary>
    public static IDisposable Prefer() => new Preference();

    /// <summary>Whether there is one for such a weight.</summary>
    /// <param name="weight">[outputs, inputs, height, width].</param>
    public static bool Fits(Tensor weight) =>
        weight.device_type == TorchSharp.DeviceType.CPU && weight.dtype == ScalarType.Float32 && weight.ndim == 4
        && weight.shape[2] == Side && weight.shape[3] == Side
        && weight.shape[0] % SmallProducts.ColumnStep == 0 && weight.shape[1] % EightLanes.Count == 0 && weight.numel() > 0;

    /// <summary>Prepares a weight: some tens of microseconds for 32 channels.</summary>
    /// <param name="weight">What <see cref="Fits"/> says yes to; the caller keeps it.</param>
    public static WinogradConvolution Of(Tensor weight)
    {
        using IDisposable noGraph = no_grad();
        using Tensor held = weight.detach().contiguous();
        (int outputs, int inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(held.bytes);
        float[] kernel = new float[WinogradTile.Products * inputs * outputs];
        Span<float> transformed = stackalloc float[WinogradTile.Products];
        for (int output = 0; output < outputs; output++)
        {
            (int block, int column) = Math.DivRem(output, SmallProducts.ColumnStep);
            for (int input = 0; input < inputs; input++)
            {
                WinogradTile.TransformKernel(values.Slice(((output * inputs) + input) * Side * Side, Side * Side), transformed);
                int place = (((block * inputs) + input) * SmallProducts.ColumnStep) + column;
                for (int product = 0; product < transformed.Length; product++)
                {
                    kernel[(product * inputs * outputs) + place] = transformed[product];
                }
            }
        }

        return new WinogradConvolution(kernel, inputs, outputs);
    }

    /// <summary>Samples that one call should be given, at most: more would not fit into the cache together.</summary>
    public static int SamplesAtOnce(ImageSize image) => Math.Max(1, RowsAtOnce / image.Tiles);

    /// <summary>Applies the convolution, and the epilogue to its values.</summary>
    /// <param name="input">[samples, height, width, inputs].</param>
    /// <param name="output">[samples, height, width, outputs]; not the input.</param>
    /// <param name="image">Height and width.</param>
    /// <param name="epilogue">What comes after.</param>
    /// <typeparam name="TEpilogue">Its type, so that it becomes part of the loop.</typeparam>
    public void Apply<TEpilogue>(ReadOnlySpan<float> input, Span<float> output, ImageSize image, TEpilogue epilogue)
        where TEpilogue : IEpilogue, allows ref struct
    {
        int samples = input.Length / (image.Pixels * Inputs);
        int samplesAtOnce = SamplesAtOnce(image);
        int lines = Math.Min(image.TileRows, Math.Max(1, RowsAtOnce / image.TileColumns));
        WinogradWorkspace work = WinogradWorkspace.OfThread(
            image, lines, SmallProducts.RoundUp(samplesAtOnce * lines * image.TileColumns), Inputs, Outputs);
        for (int first = 0; first < samples; first += samplesAtOnce)
        {
            int count = Math.Min(samplesAtOnce, samples - first);
            for (int line = 0; line < image.TileRows; line += lines)
            {
                Strip strip = new(first, count, line, Math.Min(lines, image.TileRows - line), image);
                if (IsWide)
                {
                    Apply<SixteenLanes, TEpilogue>(input, output, strip, work, epilogue);
                }
                else
                {
                    Apply<EightLanes, TEpilogue>(input, output, strip, work, epilogue);
                }
            }
        }
    }

    private void Apply<TLanes, TEpilogue>(
        ReadOnlySpan<float> input, Span<float> output, in Strip strip, WinogradWorkspace work, TEpilogue epilogue)
        where TLanes : struct, ILanes<TLanes>
        where TEpilogue : IEpilogue, allows ref struct
    {
        TransformInputs<TLanes>(input, strip, work);
        Multiply<TLanes>(strip, work);
        TransformOutputs<TLanes, TEpilogue>(output, strip, work, epilogue);
    }

    // Inlined into their caller, the transforms have too few registers and take twice as long.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TransformInputs<TLanes>(ReadOnlySpan<float> input, in Strip strip, WinogradWorkspace work)
        where TLanes : struct, ILanes<TLanes>
    {
        (int pixel, int product) = (Inputs, strip.Rows * Inputs);
        int line = work.PaddedWidth * Inputs;
        for (int sample = 0; sample < strip.Samples; sample++)
        {
            work.Pad(input.Slice((strip.FirstSample + sample) * strip.Image.Pixels * Inputs, strip.Image.Pixels * Inputs),
                strip.FirstLine * WinogradTile.Outputs, strip.Lines);
            for (int tile = 0; tile < strip.Tiles; tile++)
            {
                (int row, int column) = Math.DivRem(tile, strip.Image.TileColumns);
                ref float pixels = ref work.Padded[(row * WinogradTile.Outputs * line) + (column * WinogradTile.Outputs * pixel)];
                ref float products = ref work.Inputs[((sample * strip.Tiles) + tile) * Inputs];
                for (int channel = 0; channel < Inputs; channel += TLanes.Count)
                {
                    WinogradTile.TransformInput<TLanes>(
                        ref Unsafe.Add(ref pixels, channel), pixel, line, ref Unsafe.Add(ref products, channel), product, ref work.Tile[0]);
                }
            }
        }
    }

    private void Multiply<TLanes>(in Strip strip, WinogradWorkspace work)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int product = 0; product < WinogradTile.Products; product++)
        {
            SmallProducts.Multiply<TLanes>(
                ref work.Inputs[product * strip.Rows * Inputs],
                ref _kernel[product * Inputs * Outputs],
                ref work.Outputs[product * strip.Rows * Outputs],
                strip.Rows,
                Inputs,
                Outputs);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TransformOutputs<TLanes, TEpilogue>(Span<float> output, in Strip strip, WinogradWorkspace work, TEpilogue epilogue)
        where TLanes : struct, ILanes<TLanes>
        where TEpilogue : IEpilogue, allows ref struct
    {
        ref float values = ref MemoryMarshal.GetReference(output);
        ref float tileWork = ref work.Tile[0];
        for (int sample = 0; sample < strip.Samples; sample++)
        {
            for (int tile = 0; tile < strip.Tiles; tile++)
            {
                (int row, int column) = Math.DivRem(tile, strip.Image.TileColumns);
                (int y, int x) = ((strip.FirstLine + row) * WinogradTile.Outputs, column * WinogradTile.Outputs);
                int lines = Math.Min(WinogradTile.Outputs, strip.Image.Height - y);
                int pixels = Math.Min(WinogradTile.Outputs, strip.Image.Width - x);
                int corner = (((((strip.FirstSample + sample) * strip.Image.Height) + y) * strip.Image.Width) + x) * Outputs;
                ref float products = ref work.Outputs[((sample * strip.Tiles) + tile) * Outputs];
                for (int channel = 0; channel < Outputs; channel += TLanes.Count)
                {
                    WinogradTile.TransformColumns<TLanes>(ref Unsafe.Add(ref products, channel), strip.Rows * Outputs, ref tileWork);
                    for (int line = 0; line < lines; line++)
                    {
                        int place = corner + (line * strip.Image.Width * Outputs) + channel;
                        (TLanes first, TLanes second, TLanes third) = WinogradTile.TransformLine<TLanes>(ref tileWork, line);
                        first.Store(ref values, epilogue, place, channel);
                        if (pixels > 1)
                        {
                            second.Store(ref values, epilogue, place + Outputs, channel);
                        }

                        if (pixels > 2)
                        {
                            third.Store(ref values, epilogue, place + (2 * Outputs), channel);
                        }
                    }
                }
            }
        }
    }

    /// <summary>Lines of tiles of some samples, which are transformed and multiplied together.</summary>
    private readonly record struct Strip(int FirstSample, int Samples, int FirstLine, int Lines, ImageSize Image)
    {
        public int Tiles => Lines * Image.TileColumns;

        /// <summary>Tiles of all samples, and what is missing to a multiple of the rows that are multiplied at once.</summary>
        public int Rows => SmallProducts.RoundUp(Samples * Tiles);
    }

    private sealed class Preference : IDisposable
    {
        private readonly bool _before = _isPreferred;

        public Preference() => _isPreferred = true;

        public void Dispose() => _isPreferred = _before;
    }
}
