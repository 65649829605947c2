using System.Numerics;
using System.Runtime.CompilerServices;

namespace ImplicitNet.Flows.Loop;

/// <summary>
/// Sums of rows, each times a number: the inner loop of every step. Four vectors of a row are summed at once, in registers.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal static unsafe class RowSum<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary><c>target = start + sum_j factor_j row_j</c>.</summary>
    /// <param name="target">May be <paramref name="start"/>, but none of the rows.</param>
    /// <param name="start">Null: nothing.</param>
    /// <param name="blocks">Where the terms' blocks begin.</param>
    /// <param name="factors">One for each.</param>
    /// <param name="place">Numbers before the row in each block.</param>
    /// <param name="size">Numbers of a row.</param>
    public static void Sum(T* target, T* start, ReadOnlySpan<nint> blocks, ReadOnlySpan<T> factors, long place, int size)
    {
        int i = 0;
        for (; i <= size - (4 * Vector<T>.Count); i += 4 * Vector<T>.Count)
        {
            Terms(blocks, factors, place + i, out Vector<T> a, out Vector<T> b, out Vector<T> c, out Vector<T> d);
            Put(target, start, i, a);
            Put(target, start, i + Vector<T>.Count, b);
            Put(target, start, i + (2 * Vector<T>.Count), c);
            Put(target, start, i + (3 * Vector<T>.Count), d);
        }

        for (; i <= size - Vector<T>.Count; i += Vector<T>.Count)
        {
            Put(target, start, i, Term(blocks, factors, place + i));
        }

        for (; i < size; i++)
        {
            T sum = One(blocks, factors, place + i);
            target[i] = start == null ? sum : start[i] + sum;
        }
    }

    /// <summary>Four vectors of a sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Terms(
        ReadOnlySpan<nint> blocks, ReadOnlySpan<T> factors, long place, out Vector<T> a, out Vector<T> b, out Vector<T> c, out Vector<T> d)
    {
        Vector<T> w = Vector<T>.Zero, x = w, y = w, z = w;
        for (int term = 0; term < blocks.Length; term++)
        {
            T* row = (T*)blocks[term] + place;
            Vector<T> factor = new(factors[term]);
            w += Vector.Load(row) * factor;
            x += Vector.Load(row + Vector<T>.Count) * factor;
            y += Vector.Load(row + (2 * Vector<T>.Count)) * factor;
            z += Vector.Load(row + (3 * Vector<T>.Count)) * factor;
        }

        (a, b, c, d) = (w, x, y, z);
    }

    /// <summary>A vector of a sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Term(ReadOnlySpan<nint> blocks, ReadOnlySpan<T> factors, long place)
    {
        Vector<T> sum = Vector<T>.Zero;
        for (int term = 0; term < blocks.Length; term++)
        {
            sum += Vector.Load((T*)blocks[term] + place) * new Vector<T>(factors[term]);
        }

        return sum;
    }

    /// <summary>A number of a sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T One(ReadOnlySpan<nint> blocks, ReadOnlySpan<T> factors, long place)
    {
        T sum = T.Zero;
        for (int term = 0; term < blocks.Length; term++)
        {
            sum += ((T*)blocks[term])[place] * factors[term];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(T* target, T* start, int i, Vector<T> sum) =>
        Vector.Store(start == null ? sum : Vector.Load(start + i) + sum, target + i);
}
