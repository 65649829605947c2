using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>
/// F(3 x 3, 3 x 3) (Winograd, 1980; Lavin, Gray, CVPR 2016, arXiv 1509.09308): nine outputs of a 3 x 3 convolution from 25
/// products instead of 81, <c>Y = A^T [(G g G^T) . (B^T d B)] A</c>, with the interpolation points 0, 1, -1, 2 and infinity.
/// As many channels at a time as a register holds.
/// </summary>
internal static class WinogradTile
{
    /// <summary>Outputs along a side.</summary>
    public const int Outputs = 3;

    /// <summary>Inputs, and products, along a side.</summary>
    public const int Inputs = 5;

    /// <summary>Products of a tile.</summary>
    public const int Products = Inputs * Inputs;

    /// <summary>G, row by row.</summary>
    private static ReadOnlySpan<double> KernelTransform =>
    [
        1 / 2.0, 0, 0,
        -1 / 2.0, -1 / 2.0, -1 / 2.0,
        -1 / 6.0, 1 / 6.0, -1 / 6.0,
        1 / 6.0, 2 / 6.0, 4 / 6.0,
        0, 0, 1,
    ];

    /// <summary><c>G g G^T</c> of four kernels beside each other, in float64, rounded once.</summary>
    /// <param name="kernels">g: [3, 3, ...], the first of the four.</param>
    /// <param name="kernel">Elements from one of the nine to the next.</param>
    /// <param name="transformed">[5, 5, ...].</param>
    /// <param name="product">Elements from one of the 25 to the next.</param>
    public static void TransformKernels(ref float kernels, int kernel, ref float transformed, int product)
    {
        ReadOnlySpan<double> g = KernelTransform;
        Span<Vector256<double>> half = stackalloc Vector256<double>[Inputs * Outputs];
        for (int column = 0; column < Outputs; column++)
        {
            Vector256<double> g0 = Wide(ref Unsafe.Add(ref kernels, column * kernel));
            Vector256<double> g1 = Wide(ref Unsafe.Add(ref kernels, (Outputs + column) * kernel));
            Vector256<double> g2 = Wide(ref Unsafe.Add(ref kernels, ((2 * Outputs) + column) * kernel));
            for (int row = 0; row < Inputs; row++)
            {
                half[(row * Outputs) + column] = (g0 * g[row * 3]) + (g1 * g[(row * 3) + 1]) + (g2 * g[(row * 3) + 2]);
            }
        }

        for (int row = 0; row < Inputs; row++)
        {
            ReadOnlySpan<Vector256<double>> values = half.Slice(row * Outputs, Outputs);
            for (int column = 0; column < Inputs; column++)
            {
                Narrow((values[0] * g[column * 3]) + (values[1] * g[(column * 3) + 1]) + (values[2] * g[(column * 3) + 2]))
                    .StoreUnsafe(ref transformed, (nuint)(((row * Inputs) + column) * product));
            }
        }
    }

    /// <summary><c>G^T s G</c> of four at once: the gradients of kernels from those of their transforms.</summary>
    /// <param name="sums">s: [5, 5].</param>
    /// <param name="kernels">[3, 3, ...], the first of the four.</param>
    /// <param name="kernel">Elements from one of the nine to the next.</param>
    public static void TransformSums(ReadOnlySpan<Vector256<double>> sums, ref float kernels, int kernel)
    {
        ReadOnlySpan<double> g = KernelTransform;
        Span<Vector256<double>> half = stackalloc Vector256<double>[Outputs * Inputs];
        for (int row = 0; row < Outputs; row++)
        {
            for (int column = 0; column < Inputs; column++)
            {
                Vector256<double> total = sums[column] * g[row];
                for (int k = 1; k < Inputs; k++)
                {
                    total += sums[(k * Inputs) + column] * g[(k * Outputs) + row];
                }

                half[(row * Inputs) + column] = total;
            }
        }

        for (int row = 0; row < Outputs; row++)
        {
            for (int column = 0; column < Outputs; column++)
            {
                Vector256<double> total = half[row * Inputs] * g[column];
                for (int k = 1; k < Inputs; k++)
                {
                    total += half[(row * Inputs) + k] * g[(k * Outputs) + column];
                }

                Narrow(total).StoreUnsafe(ref kernels, (nuint)(((row * Outputs) + column) * kernel));
            }
        }
    }

    /// <summary>Four numbers in float64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Wide(ref float values)
    {
        (Vector128<double> lower, Vector128<double> upper) = Vector128.Widen(Vector128.LoadUnsafe(ref values));
        return Vector256.Create(lower, upper);
    }

    /// <summary><c>B^T d B</c>.</summary>
    /// <param name="pixels">The first pixel of d: [5, 5].</param>
    /// <param name="pixel">Elements from a pixel to the next.</param>
    /// <param name="line">Elements from a line to the next.</param>
    /// <param name="products">Where the first of 25 goes.</param>
    /// <param name="product">Elements from one of them to the next.</param>
    /// <typeparam name="TLanes">The width of a register.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformInput<TLanes>(ref float pixels, nint pixel, nint line, ref float products, nint product)
        where TLanes : struct, ILanes<TLanes>
    {
        // All in registers, which are many with AVX-512; a place of our own in memory for what is between took longer with AVX2, too.
        LoadInputs(ref pixels, line, out TLanes a0, out TLanes a1, out TLanes a2, out TLanes a3, out TLanes a4);
        LoadInputs(ref Unsafe.Add(ref pixels, pixel), line, out TLanes b0, out TLanes b1, out TLanes b2, out TLanes b3, out TLanes b4);
        LoadInputs(ref Unsafe.Add(ref pixels, 2 * pixel), line, out TLanes c0, out TLanes c1, out TLanes c2, out TLanes c3, out TLanes c4);
        LoadInputs(ref Unsafe.Add(ref pixels, 3 * pixel), line, out TLanes d0, out TLanes d1, out TLanes d2, out TLanes d3, out TLanes d4);
        LoadInputs(ref Unsafe.Add(ref pixels, 4 * pixel), line, out TLanes e0, out TLanes e1, out TLanes e2, out TLanes e3, out TLanes e4);
        StoreInputs(a0, b0, c0, d0, e0, ref products, product);
        StoreInputs(a1, b1, c1, d1, e1, ref Unsafe.Add(ref products, Inputs * product), product);
        StoreInputs(a2, b2, c2, d2, e2, ref Unsafe.Add(ref products, 2 * Inputs * product), product);
        StoreInputs(a3, b3, c3, d3, e3, ref Unsafe.Add(ref products, 3 * Inputs * product), product);
        StoreInputs(a4, b4, c4, d4, e4, ref Unsafe.Add(ref products, 4 * Inputs * product), product);
    }

    /// <summary><c>A^T m A</c>, what comes after it, and its way to memory.</summary>
    /// <param name="products">m: the first of 25.</param>
    /// <param name="product">Elements from one of them to the next.</param>
    /// <param name="patch">Where the outputs go.</param>
    /// <param name="values">The first of all outputs.</param>
    /// <param name="channels">Elements from a pixel to the next.</param>
    /// <param name="channel">The first of those at hand.</param>
    /// <param name="epilogue">What comes after.</param>
    /// <typeparam name="TLanes">The width of a register.</typeparam>
    /// <typeparam name="TEpilogue">What comes after.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformOutput<TLanes, TEpilogue>(
        ref float products, nint product, in WinogradPatch patch, ref float values, int channels, int channel, TEpilogue epilogue)
        where TLanes : struct, ILanes<TLanes>
        where TEpilogue : IEpilogue, allows ref struct
    {
        nint line = Inputs * product;
        LoadOutputs(ref products, line, out TLanes a0, out TLanes a1, out TLanes a2);
        LoadOutputs(ref Unsafe.Add(ref products, product), line, out TLanes b0, out TLanes b1, out TLanes b2);
        LoadOutputs(ref Unsafe.Add(ref products, 2 * product), line, out TLanes c0, out TLanes c1, out TLanes c2);
        LoadOutputs(ref Unsafe.Add(ref products, 3 * product), line, out TLanes d0, out TLanes d1, out TLanes d2);
        LoadOutputs(ref Unsafe.Add(ref products, 4 * product), line, out TLanes e0, out TLanes e1, out TLanes e2);
        int place = (patch.Pixel * channels) + channel;
        StoreOutputs(a0, b0, c0, d0, e0, patch.Pixels, ref values, place, channels, channel, epilogue);
        if (patch.Lines > 1)
        {
            StoreOutputs(a1, b1, c1, d1, e1, patch.Pixels, ref values, place + (patch.Width * channels), channels, channel, epilogue);
        }

        if (patch.Lines > 2)
        {
            StoreOutputs(a2, b2, c2, d2, e2, patch.Pixels, ref values, place + (2 * patch.Width * channels), channels, channel, epilogue);
        }
    }

    /// <summary><c>A y A^T</c>: the transposed of what makes the outputs, for a gradient that came to them.</summary>
    /// <param name="gradient">The first of all gradients.</param>
    /// <param name="channels">Elements from a pixel to the next.</param>
    /// <param name="channel">The first of those at hand.</param>
    /// <param name="patch">Where y is; what lies outside the image counts as zeros.</param>
    /// <param name="products">Where the first of 25 goes.</param>
    /// <param name="product">Elements from one of them to the next.</param>
    /// <typeparam name="TLanes">The width of a register.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformGradient<TLanes>(
        ref float gradient, int channels, int channel, in WinogradPatch patch, ref float products, nint product)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float pixels = ref Unsafe.Add(ref gradient, (patch.Pixel * channels) + channel);
        int line = patch.Width * channels;
        TLanes none = default;
        TLanes a0 = TLanes.Load(ref pixels, 0), b0 = none, c0 = none, a1 = none, b1 = none, c1 = none, a2 = none, b2 = none, c2 = none;
        if (patch.Pixels > 1)
        {
            b0 = TLanes.Load(ref pixels, channels);
        }

        if (patch.Pixels > 2)
        {
            c0 = TLanes.Load(ref pixels, 2 * channels);
        }

        if (patch.Lines > 1)
        {
            a1 = TLanes.Load(ref pixels, line);
            b1 = patch.Pixels > 1 ? TLanes.Load(ref pixels, line + channels) : none;
            c1 = patch.Pixels > 2 ? TLanes.Load(ref pixels, line + (2 * channels)) : none;
        }

        if (patch.Lines > 2)
        {
            a2 = TLanes.Load(ref pixels, 2 * line);
            b2 = patch.Pixels > 1 ? TLanes.Load(ref pixels, (2 * line) + channels) : none;
            c2 = patch.Pixels > 2 ? TLanes.Load(ref pixels, (2 * line) + (2 * channels)) : none;
        }

        TLanes two = TLanes.Of(2f), four = TLanes.Of(4f);
        TLanes a = a0 + a2, b = b0 + b2, c = c0 + c2;
        nint row = Inputs * product;
        StoreGradients(a0, b0, c0, ref products, product);
        StoreGradients(a + a1, b + b1, c + c1, ref Unsafe.Add(ref products, row), product);
        StoreGradients(a - a1, b - b1, c - c1, ref Unsafe.Add(ref products, 2 * row), product);
        StoreGradients(
            TLanes.MultiplyAdd(four, a2, TLanes.MultiplyAdd(two, a1, a0)), TLanes.MultiplyAdd(four, b2, TLanes.MultiplyAdd(two, b1, b0)),
            TLanes.MultiplyAdd(four, c2, TLanes.MultiplyAdd(two, c1, c0)), ref Unsafe.Add(ref products, 3 * row), product);
        StoreGradients(a2, b2, c2, ref Unsafe.Add(ref products, 4 * row), product);
    }

    private static Vector128<float> Narrow(Vector256<double> values) => Vector128.Narrow(values.GetLower(), values.GetUpper());

    // B^T of five values: rows (2, -1, -2, 1, 0), (0, -2, -1, 1, 0), (0, 2, -3, 1, 0), (0, -1, 0, 1, 0), (0, 2, -1, -2, 1).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadInputs<TLanes>(
        ref float from, nint step, out TLanes t0, out TLanes t1, out TLanes t2, out TLanes t3, out TLanes t4)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes d0 = TLanes.Load(ref from, 0), d1 = TLanes.Load(ref from, step), d2 = TLanes.Load(ref from, 2 * step);
        TLanes d3 = TLanes.Load(ref from, 3 * step), d4 = TLanes.Load(ref from, 4 * step);
        TLanes two = TLanes.Of(2f), inner = d3 - d2;
        t3 = d3 - d1;
        t0 = TLanes.MultiplyAdd(two, d0 - d2, t3);
        t1 = inner - (d1 + d1);
        t2 = TLanes.MultiplyAdd(two, d1 - d2, inner);
        t4 = d4 - d2 - (t3 + t3);
    }

    // The same of five that are in registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreInputs<TLanes>(TLanes d0, TLanes d1, TLanes d2, TLanes d3, TLanes d4, ref float to, nint step)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes two = TLanes.Of(2f), outer = d3 - d1, inner = d3 - d2;
        TLanes.MultiplyAdd(two, d0 - d2, outer).Store(ref to, 0);
        (inner - (d1 + d1)).Store(ref to, step);
        TLanes.MultiplyAdd(two, d1 - d2, inner).Store(ref to, 2 * step);
        outer.Store(ref to, 3 * step);
        (d4 - d2 - (outer + outer)).Store(ref to, 4 * step);
    }

    // A^T of five values: rows (1, 1, 1, 1, 0), (0, 1, -1, 2, 0), (0, 1, 1, 4, 1).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadOutputs<TLanes>(ref float from, nint step, out TLanes first, out TLanes second, out TLanes third)
        where TLanes : struct, ILanes<TLanes> =>
        Combine(
            TLanes.Load(ref from, 0), TLanes.Load(ref from, step), TLanes.Load(ref from, 2 * step), TLanes.Load(ref from, 3 * step),
            TLanes.Load(ref from, 4 * step), out first, out second, out third);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Combine<TLanes>(
        TLanes m0, TLanes m1, TLanes m2, TLanes m3, TLanes m4, out TLanes first, out TLanes second, out TLanes third)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes sum = m1 + m2;
        first = m0 + sum + m3;
        second = TLanes.MultiplyAdd(TLanes.Of(2f), m3, m1 - m2);
        third = TLanes.MultiplyAdd(TLanes.Of(4f), m3, sum) + m4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreOutputs<TLanes, TEpilogue>(
        TLanes m0, TLanes m1, TLanes m2, TLanes m3, TLanes m4, int pixels, ref float values, int place, int channels, int channel,
        TEpilogue epilogue)
        where TLanes : struct, ILanes<TLanes>
        where TEpilogue : IEpilogue, allows ref struct
    {
        Combine(m0, m1, m2, m3, m4, out TLanes first, out TLanes second, out TLanes third);
        first.Store(ref values, epilogue, place, channel);
        if (pixels > 1)
        {
            second.Store(ref values, epilogue, place + channels, channel);
        }

        if (pixels > 2)
        {
            third.Store(ref values, epilogue, place + (2 * channels), channel);
        }
    }

    // A of three values: rows (1, 0, 0), (1, 1, 1), (1, -1, 1), (1, 2, 4), (0, 0, 1).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreGradients<TLanes>(TLanes y0, TLanes y1, TLanes y2, ref float to, nint step)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes outer = y0 + y2;
        y0.Store(ref to, 0);
        (outer + y1).Store(ref to, step);
        (outer - y1).Store(ref to, 2 * step);
        TLanes.MultiplyAdd(TLanes.Of(4f), y2, TLanes.MultiplyAdd(TLanes.Of(2f), y1, y0)).Store(ref to, 3 * step);
        y2.Store(ref to, 4 * step);
    }
}
