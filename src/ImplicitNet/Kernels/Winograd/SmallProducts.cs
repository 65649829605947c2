using System.Runtime.CompilerServices;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>Products of many rows with a small matrix, with the sums in twelve registers.</summary>
internal static class SmallProducts
{
    /// <summary>Rows that are multiplied at once: the number of rows must be a multiple.</summary>
    public const int RowStep = 6;

    /// <summary>Columns that are multiplied at once: the number of columns must be a multiple.</summary>
    public const int ColumnStep = 16;

    /// <summary>Columns of the left matrix that are summed at once, in eight registers.</summary>
    public const int SumStep = 4;

    /// <summary>The next multiple of <see cref="RowStep"/>.</summary>
    public static int RoundUp(int rows) => (rows + RowStep - 1) / RowStep * RowStep;

    /// <summary><c>products = rows matrix</c>.</summary>
    /// <param name="rows">[count, inner].</param>
    /// <param name="matrix">[columns / 16, inner, 16].</param>
    /// <param name="products">[count, columns].</param>
    /// <param name="count">A multiple of <see cref="RowStep"/>.</param>
    /// <param name="inner">Any number.</param>
    /// <param name="columns">A multiple of <see cref="ColumnStep"/>, and of twice the width.</param>
    /// <typeparam name="TLanes">The width of a register.</typeparam>
    public static void Multiply<TLanes>(ref float rows, ref float matrix, ref float products, int count, int inner, int columns)
        where TLanes : struct, ILanes<TLanes>
    {
        int columnsAtOnce = 2 * TLanes.Count;

        // Of a block of 16 columns, or of two such blocks.
        nint second = TLanes.Count < ColumnStep ? TLanes.Count : ColumnStep * inner;
        for (int column = 0; column < columns; column += columnsAtOnce)
        {
            for (int row = 0; row < count; row += RowStep)
            {
                MultiplyBlock<TLanes>(
                    ref Unsafe.Add(ref rows, row * inner), ref Unsafe.Add(ref matrix, column * inner), second,
                    ref Unsafe.Add(ref products, (row * columns) + column), inner, columns);
            }
        }
    }

    /// <summary><c>sums += left^T right</c>, over few rows at a time.</summary>
    /// <param name="left">[count, inner].</param>
    /// <param name="right">[count, columns].</param>
    /// <param name="sums">[inner, columns].</param>
    /// <param name="count">Any number.</param>
    /// <param name="inner">A multiple of <see cref="SumStep"/>.</param>
    /// <param name="columns">A multiple of twice the width.</param>
    /// <typeparam name="TLanes">The width of a register.</typeparam>
    public static void AddTransposed<TLanes>(ref float left, ref float right, ref float sums, int count, int inner, int columns)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int column = 0; column < columns; column += 2 * TLanes.Count)
        {
            for (int row = 0; row < inner; row += SumStep)
            {
                AddBlock<TLanes>(
                    ref Unsafe.Add(ref left, row), ref Unsafe.Add(ref right, column), ref Unsafe.Add(ref sums, (row * columns) + column),
                    count, inner, columns);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddBlock<TLanes>(ref float left, ref float right, ref float sums, int count, int inner, int columns)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float sums1 = ref Unsafe.Add(ref sums, columns);
        ref float sums2 = ref Unsafe.Add(ref sums1, columns);
        ref float sums3 = ref Unsafe.Add(ref sums2, columns);
        TLanes a0 = TLanes.Load(ref sums, 0), b0 = TLanes.Load(ref sums, TLanes.Count);
        TLanes a1 = TLanes.Load(ref sums1, 0), b1 = TLanes.Load(ref sums1, TLanes.Count);
        TLanes a2 = TLanes.Load(ref sums2, 0), b2 = TLanes.Load(ref sums2, TLanes.Count);
        TLanes a3 = TLanes.Load(ref sums3, 0), b3 = TLanes.Load(ref sums3, TLanes.Count);
        for (int k = 0; k < count; k++)
        {
            TLanes a = TLanes.Load(ref right, 0);
            TLanes b = TLanes.Load(ref right, TLanes.Count);
            TLanes value = TLanes.Of(left);
            a0 = TLanes.MultiplyAdd(a, value, a0);
            b0 = TLanes.MultiplyAdd(b, value, b0);
            value = TLanes.Of(Unsafe.Add(ref left, 1));
            a1 = TLanes.MultiplyAdd(a, value, a1);
            b1 = TLanes.MultiplyAdd(b, value, b1);
            value = TLanes.Of(Unsafe.Add(ref left, 2));
            a2 = TLanes.MultiplyAdd(a, value, a2);
            b2 = TLanes.MultiplyAdd(b, value, b2);
            value = TLanes.Of(Unsafe.Add(ref left, 3));
            a3 = TLanes.MultiplyAdd(a, value, a3);
            b3 = TLanes.MultiplyAdd(b, value, b3);
            left = ref Unsafe.Add(ref left, inner);
            right = ref Unsafe.Add(ref right, columns);
        }

        Store(a0, b0, ref sums);
        Store(a1, b1, ref sums1);
        Store(a2, b2, ref sums2);
        Store(a3, b3, ref sums3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyBlock<TLanes>(
        ref float rows, ref float matrix, nint second, ref float products, int inner, int columns)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float row1 = ref Unsafe.Add(ref rows, inner);
        ref float row2 = ref Unsafe.Add(ref row1, inner);
        ref float row3 = ref Unsafe.Add(ref row2, inner);
        ref float row4 = ref Unsafe.Add(ref row3, inner);
        ref float row5 = ref Unsafe.Add(ref row4, inner);
        ref float weights = ref matrix;
        TLanes a0 = default, b0 = default, a1 = default, b1 = default, a2 = default, b2 = default;
        TLanes a3 = default, b3 = default, a4 = default, b4 = default, a5 = default, b5 = default;
        for (nint k = 0; k < inner; k++)
        {
            TLanes a = TLanes.Load(ref weights, 0);
            TLanes b = TLanes.Load(ref weights, second);
            weights = ref Unsafe.Add(ref weights, ColumnStep);
            // Each sum is assigned to itself, by which the compiler keeps it in its register.
            TLanes value = TLanes.Of(Unsafe.Add(ref rows, k));
            a0 = TLanes.MultiplyAdd(a, value, a0);
            b0 = TLanes.MultiplyAdd(b, value, b0);
            value = TLanes.Of(Unsafe.Add(ref row1, k));
            a1 = TLanes.MultiplyAdd(a, value, a1);
            b1 = TLanes.MultiplyAdd(b, value, b1);
            value = TLanes.Of(Unsafe.Add(ref row2, k));
            a2 = TLanes.MultiplyAdd(a, value, a2);
            b2 = TLanes.MultiplyAdd(b, value, b2);
            value = TLanes.Of(Unsafe.Add(ref row3, k));
            a3 = TLanes.MultiplyAdd(a, value, a3);
            b3 = TLanes.MultiplyAdd(b, value, b3);
            value = TLanes.Of(Unsafe.Add(ref row4, k));
            a4 = TLanes.MultiplyAdd(a, value, a4);
            b4 = TLanes.MultiplyAdd(b, value, b4);
            value = TLanes.Of(Unsafe.Add(ref row5, k));
            a5 = TLanes.MultiplyAdd(a, value, a5);
            b5 = TLanes.MultiplyAdd(b, value, b5);
        }

        Store(a0, b0, ref products);
        Store(a1, b1, ref Unsafe.Add(ref products, columns));
        Store(a2, b2, ref Unsafe.Add(ref products, 2 * columns));
        Store(a3, b3, ref Unsafe.Add(ref products, 3 * columns));
        Store(a4, b4, ref Unsafe.Add(ref products, 4 * columns));
        Store(a5, b5, ref Unsafe.Add(ref products, 5 * columns));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLanes>(TLanes a, TLanes b, ref float to)
        where TLanes : struct, ILanes<TLanes>
    {
        a.Store(ref to, 0);
        b.Store(ref to, TLanes.Count);
    }
}
