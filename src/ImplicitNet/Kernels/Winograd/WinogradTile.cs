using System.Runtime.CompilerServices;

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

    /// <summary>Elements of the working memory that the transforms need.</summary>
    public const int WorkSize = Products * 16;

    /// <summary>G, row by row.</summary>
    private static ReadOnlySpan<double> KernelTransform =>
    [
        1 / 2.0, 0, 0,
        -1 / 2.0, -1 / 2.0, -1 / 2.0,
        -1 / 6.0, 1 / 6.0, -1 / 6.0,
        1 / 6.0, 2 / 6.0, 4 / 6.0,
        0, 0, 1,
    ];

    /// <summary><c>G g G^T</c>, rounded once.</summary>
    /// <param name="kernel">g: [3, 3].</param>
    /// <param name="transformed">[5, 5].</param>
    public static void TransformKernel(ReadOnlySpan<float> kernel, Span<float> transformed)
    {
        ReadOnlySpan<double> g = KernelTransform;
        Span<double> half = stackalloc double[Inputs * Outputs];
        for (int row = 0; row < Inputs; row++)
        {
            for (int column = 0; column < Outputs; column++)
            {
                half[(row * Outputs) + column] =
                    (g[row * 3] * kernel[column]) + (g[(row * 3) + 1] * kernel[3 + column]) + (g[(row * 3) + 2] * kernel[6 + column]);
            }
        }

        for (int row = 0; row < Inputs; row++)
        {
            ReadOnlySpan<double> values = half.Slice(row * Outputs, Outputs);
            for (int column = 0; column < Inputs; column++)
            {
                transformed[(row * Inputs) + column] =
                    (float)((values[0] * g[column * 3]) + (values[1] * g[(column * 3) + 1]) + (values[2] * g[(column * 3) + 2]));
            }
        }
    }

    /// <summary><c>B^T d B</c>.</summary>
    /// <param name="pixels">The first pixel of d.</param>
    /// <param name="pixel">Elements from a pixel to the next.</param>
    /// <param name="line">Elements from a line to the next.</param>
    /// <param name="products">Where the first of 25 goes.</param>
    /// <param name="product">Elements from one of them to the next.</param>
    /// <param name="work"><see cref="WorkSize"/> elements.</param>
    /// <typeparam name="TLanes">The width of a register.</typeparam>
    public static void TransformInput<TLanes>(ref float pixels, int pixel, int line, ref float products, int product, ref float work)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int column = 0; column < Inputs; column++)
        {
            TransformInputs<TLanes>(
                ref Unsafe.Add(ref pixels, column * pixel), line, ref Unsafe.Add(ref work, column * TLanes.Count), Inputs * TLanes.Count);
        }

        for (int row = 0; row < Inputs; row++)
        {
            TransformInputs<TLanes>(
                ref Unsafe.Add(ref work, row * Inputs * TLanes.Count), TLanes.Count,
                ref Unsafe.Add(ref products, row * Inputs * product), product);
        }
    }

    /// <summary>
    /// <c>A^T m</c> for the columns of m: three lines of five in <paramref name="work"/>, for <see cref="TransformLine"/>.
    /// </summary>
    /// <param name="products">The first of 25.</param>
    /// <param name="product">Elements from one of them to the next.</param>
    /// <param name="work"><see cref="WorkSize"/> elements.</param>
    /// <typeparam name="TLanes">The width of a register.</typeparam>
    public static void TransformColumns<TLanes>(ref float products, int product, ref float work)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int column = 0; column < Inputs; column++)
        {
            (TLanes first, TLanes second, TLanes third) =
                TransformOutputs<TLanes>(ref Unsafe.Add(ref products, column * product), Inputs * product);
            first.Store(ref work, column * TLanes.Count);
            second.Store(ref work, (Inputs + column) * TLanes.Count);
            third.Store(ref work, ((2 * Inputs) + column) * TLanes.Count);
        }
    }

    /// <summary>Three outputs of a line, from what <see cref="TransformColumns"/> left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (TLanes First, TLanes Second, TLanes Third) TransformLine<TLanes>(ref float work, int line)
        where TLanes : struct, ILanes<TLanes> =>
        TransformOutputs<TLanes>(ref Unsafe.Add(ref work, line * Inputs * TLanes.Count), TLanes.Count);

    // B^T of five values: rows (2, -1, -2, 1, 0), (0, -2, -1, 1, 0), (0, 2, -3, 1, 0), (0, -1, 0, 1, 0), (0, 2, -1, -2, 1).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransformInputs<TLanes>(ref float from, int stepFrom, ref float to, int stepTo)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes d0 = TLanes.Load(ref from, 0), d1 = TLanes.Load(ref from, stepFrom), d2 = TLanes.Load(ref from, 2 * stepFrom);
        TLanes d3 = TLanes.Load(ref from, 3 * stepFrom), d4 = TLanes.Load(ref from, 4 * stepFrom);
        TLanes two = TLanes.Of(2f);
        TLanes outer = d3 - d1, inner = d3 - d2;
        TLanes.MultiplyAdd(two, d0 - d2, outer).Store(ref to, 0);
        (inner - (d1 + d1)).Store(ref to, stepTo);
        TLanes.MultiplyAdd(two, d1 - d2, inner).Store(ref to, 2 * stepTo);
        outer.Store(ref to, 3 * stepTo);
        (d4 - d2 - (outer + outer)).Store(ref to, 4 * stepTo);
    }

    // A^T of five values: rows (1, 1, 1, 1, 0), (0, 1, -1, 2, 0), (0, 1, 1, 4, 1).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (TLanes First, TLanes Second, TLanes Third) TransformOutputs<TLanes>(ref float from, int step)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes m1 = TLanes.Load(ref from, step), m2 = TLanes.Load(ref from, 2 * step), m3 = TLanes.Load(ref from, 3 * step);
        TLanes sum = m1 + m2;
        return (
            TLanes.Load(ref from, 0) + sum + m3,
            TLanes.MultiplyAdd(TLanes.Of(2f), m3, m1 - m2),
            TLanes.MultiplyAdd(TLanes.Of(4f), m3, sum) + TLanes.Load(ref from, 4 * step));
    }
}
