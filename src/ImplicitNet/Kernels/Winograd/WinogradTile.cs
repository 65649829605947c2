using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>
/// F(3 x 3, 3 x 3) (Winograd, 1980; Lavin, Gray, CVPR 2016, arXiv 1509.09308): nine outputs of a 3 x 3 convolution from 25
/// products instead of 81, <c>Y = A^T [(G g G^T) . (B^T d B)] A</c>, with the interpolation points 0, 1, -1, 2 and infinity.
/// Eight channels at a time.
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
    public const int WorkSize = Products * 8;

    private const int Lanes = 8;

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
    public static void TransformInput(ref float pixels, int pixel, int line, ref float products, int product, ref float work)
    {
        for (int column = 0; column < Inputs; column++)
        {
            TransformInputs(ref Unsafe.Add(ref pixels, column * pixel), line, ref Unsafe.Add(ref work, column * Lanes), Inputs * Lanes);
        }

        for (int row = 0; row < Inputs; row++)
        {
            TransformInputs(
                ref Unsafe.Add(ref work, row * Inputs * Lanes), Lanes, ref Unsafe.Add(ref products, row * Inputs * product), product);
        }
    }

    /// <summary>
    /// <c>A^T m</c> for the columns of m: three lines of five in <paramref name="work"/>, for <see cref="TransformLine"/>.
    /// </summary>
    /// <param name="products">The first of 25.</param>
    /// <param name="product">Elements from one of them to the next.</param>
    /// <param name="work"><see cref="WorkSize"/> elements.</param>
    public static void TransformColumns(ref float products, int product, ref float work)
    {
        for (int column = 0; column < Inputs; column++)
        {
            (Vector256<float> first, Vector256<float> second, Vector256<float> third) =
                TransformOutputs(ref Unsafe.Add(ref products, column * product), Inputs * product);
            first.StoreUnsafe(ref work, (nuint)(column * Lanes));
            second.StoreUnsafe(ref work, (nuint)((Inputs + column) * Lanes));
            third.StoreUnsafe(ref work, (nuint)(((2 * Inputs) + column) * Lanes));
        }
    }

    /// <summary>Three outputs of a line, from what <see cref="TransformColumns"/> left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second, Vector256<float> Third) TransformLine(ref float work, int line) =>
        TransformOutputs(ref Unsafe.Add(ref work, line * Inputs * Lanes), Lanes);

    // B^T of five values: rows (2, -1, -2, 1, 0), (0, -2, -1, 1, 0), (0, 2, -3, 1, 0), (0, -1, 0, 1, 0), (0, 2, -1, -2, 1).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransformInputs(ref float from, int stepFrom, ref float to, int stepTo)
    {
        Vector256<float> d0 = Load(ref from, 0), d1 = Load(ref from, stepFrom), d2 = Load(ref from, 2 * stepFrom);
        Vector256<float> d3 = Load(ref from, 3 * stepFrom), d4 = Load(ref from, 4 * stepFrom);
        Vector256<float> two = Vector256.Create(2f);
        Vector256<float> outer = d3 - d1, inner = d3 - d2;
        Vector256.MultiplyAddEstimate(two, d0 - d2, outer).StoreUnsafe(ref to);
        (inner - (two * d1)).StoreUnsafe(ref to, (nuint)stepTo);
        Vector256.MultiplyAddEstimate(two, d1 - d2, inner).StoreUnsafe(ref to, (nuint)(2 * stepTo));
        outer.StoreUnsafe(ref to, (nuint)(3 * stepTo));
        (d4 - d2 - (two * outer)).StoreUnsafe(ref to, (nuint)(4 * stepTo));
    }

    // A^T of five values: rows (1, 1, 1, 1, 0), (0, 1, -1, 2, 0), (0, 1, 1, 4, 1).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> First, Vector256<float> Second, Vector256<float> Third) TransformOutputs(ref float from, int step)
    {
        Vector256<float> m1 = Load(ref from, step), m2 = Load(ref from, 2 * step), m3 = Load(ref from, 3 * step);
        Vector256<float> sum = m1 + m2;
        return (
            Load(ref from, 0) + sum + m3,
            Vector256.MultiplyAddEstimate(Vector256.Create(2f), m3, m1 - m2),
            Vector256.MultiplyAddEstimate(Vector256.Create(4f), m3, sum) + Load(ref from, 4 * step));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Load(ref float from, int offset) => Vector256.LoadUnsafe(ref from, (nuint)offset);
}
