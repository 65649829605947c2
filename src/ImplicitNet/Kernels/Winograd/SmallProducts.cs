using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>Products of many rows with a small matrix, with the sums in twelve registers.</summary>
internal static class SmallProducts
{
    /// <summary>Rows that are multiplied at once: the number of rows must be a multiple.</summary>
    public const int RowStep = 6;

    /// <summary>Columns that are multiplied at once: the number of columns must be a multiple.</summary>
    public const int ColumnStep = 16;

    private const int Lanes = 8;

    /// <summary>The next multiple of <see cref="RowStep"/>.</summary>
    public static int RoundUp(int rows) => (rows + RowStep - 1) / RowStep * RowStep;

    /// <summary><c>products = rows matrix</c>.</summary>
    /// <param name="rows">[count, inner].</param>
    /// <param name="matrix">[columns / 16, inner, 16].</param>
    /// <param name="products">[count, columns].</param>
    /// <param name="count">A multiple of <see cref="RowStep"/>.</param>
    /// <param name="inner">Any number.</param>
    /// <param name="columns">A multiple of <see cref="ColumnStep"/>.</param>
    public static void Multiply(ref float rows, ref float matrix, ref float products, int count, int inner, int columns)
    {
        for (int column = 0; column < columns; column += ColumnStep)
        {
            for (int row = 0; row < count; row += RowStep)
            {
                MultiplyBlock(
                    ref Unsafe.Add(ref rows, row * inner), ref Unsafe.Add(ref matrix, column * inner),
                    ref Unsafe.Add(ref products, (row * columns) + column), inner, columns);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyBlock(ref float rows, ref float matrix, ref float products, int inner, int columns)
    {
        ref float row1 = ref Unsafe.Add(ref rows, inner);
        ref float row2 = ref Unsafe.Add(ref row1, inner);
        ref float row3 = ref Unsafe.Add(ref row2, inner);
        ref float row4 = ref Unsafe.Add(ref row3, inner);
        ref float row5 = ref Unsafe.Add(ref row4, inner);
        ref float weights = ref matrix;
        Vector256<float> a0 = default, b0 = default, a1 = default, b1 = default, a2 = default, b2 = default;
        Vector256<float> a3 = default, b3 = default, a4 = default, b4 = default, a5 = default, b5 = default;
        for (nint k = 0; k < inner; k++)
        {
            Vector256<float> a = Vector256.LoadUnsafe(ref weights);
            Vector256<float> b = Vector256.LoadUnsafe(ref weights, Lanes);
            weights = ref Unsafe.Add(ref weights, ColumnStep);
            // Each sum is assigned to itself, by which the compiler keeps it in its register.
            Vector256<float> value = Vector256.Create(Unsafe.Add(ref rows, k));
            a0 = Vector256.MultiplyAddEstimate(a, value, a0);
            b0 = Vector256.MultiplyAddEstimate(b, value, b0);
            value = Vector256.Create(Unsafe.Add(ref row1, k));
            a1 = Vector256.MultiplyAddEstimate(a, value, a1);
            b1 = Vector256.MultiplyAddEstimate(b, value, b1);
            value = Vector256.Create(Unsafe.Add(ref row2, k));
            a2 = Vector256.MultiplyAddEstimate(a, value, a2);
            b2 = Vector256.MultiplyAddEstimate(b, value, b2);
            value = Vector256.Create(Unsafe.Add(ref row3, k));
            a3 = Vector256.MultiplyAddEstimate(a, value, a3);
            b3 = Vector256.MultiplyAddEstimate(b, value, b3);
            value = Vector256.Create(Unsafe.Add(ref row4, k));
            a4 = Vector256.MultiplyAddEstimate(a, value, a4);
            b4 = Vector256.MultiplyAddEstimate(b, value, b4);
            value = Vector256.Create(Unsafe.Add(ref row5, k));
            a5 = Vector256.MultiplyAddEstimate(a, value, a5);
            b5 = Vector256.MultiplyAddEstimate(b, value, b5);
        }

        Store(a0, b0, ref products);
        Store(a1, b1, ref Unsafe.Add(ref products, columns));
        Store(a2, b2, ref Unsafe.Add(ref products, 2 * columns));
        Store(a3, b3, ref Unsafe.Add(ref products, 3 * columns));
        Store(a4, b4, ref Unsafe.Add(ref products, 4 * columns));
        Store(a5, b5, ref Unsafe.Add(ref products, 5 * columns));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> a, Vector256<float> b, ref float to)
    {
        a.StoreUnsafe(ref to);
        b.StoreUnsafe(ref to, Lanes);
    }
}
