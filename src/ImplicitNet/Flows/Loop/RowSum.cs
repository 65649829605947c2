using System.Numerics;
using System.Runtime.CompilerServices;

namespace ImplicitNet.Flows.Loop;

/// <summary>Sums of rows, each times a number: the inner loop of every step, with all that it needs in registers.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal static unsafe class RowSum<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary><c>target = start + sum_j factor_j row_j</c>, four terms at a time.</summary>
    /// <param name="target">May be <paramref name="start"/>.</param>
    /// <param name="start">Null: nothing.</param>
    /// <param name="rows">The terms.</param>
    /// <param name="factors">One for each.</param>
    /// <param name="size">Numbers of a row.</param>
    public static void Sum(T* target, T* start, ReadOnlySpan<nint> rows, ReadOnlySpan<T> factors, int size)
    {
        if (rows.IsEmpty)
        {
            Fill(target, start, size);
        }

        for (int term = 0; term < rows.Length; term += 4)
        {
            T* a = (T*)rows[term];
            switch (rows.Length - term)
            {
                case 1:
                    Of(target, start, a, factors[term], size);
                    break;
                case 2:
                    Of(target, start, a, (T*)rows[term + 1], factors[term], factors[term + 1], size);
                    break;
                case 3:
                    Of(target, start, a, (T*)rows[term + 1], (T*)rows[term + 2], factors.Slice(term, 3), size);
                    break;
                default:
                    Of(target, start, a, (T*)rows[term + 1], (T*)rows[term + 2], (T*)rows[term + 3], factors.Slice(term, 4), size);
                    break;
            }

            start = target;
        }
    }

    private static void Fill(T* target, T* start, int size)
    {
        if (start == null)
        {
            new Span<T>(target, size).Clear();
        }
        else if (start != target)
        {
            new ReadOnlySpan<T>(start, size).CopyTo(new Span<T>(target, size));
        }
    }

    private static void Of(T* target, T* start, T* a, T x, int size)
    {
        int i = 0;
        Vector<T> xs = new(x);
        for (; i <= size - Vector<T>.Count; i += Vector<T>.Count)
        {
            Put(target, start, i, Vector.Load(a + i) * xs);
        }

        for (; i < size; i++)
        {
            Put(target, start, i, a[i] * x);
        }
    }

    private static void Of(T* target, T* start, T* a, T* b, T x, T y, int size)
    {
        int i = 0;
        Vector<T> xs = new(x), ys = new(y);
        for (; i <= size - Vector<T>.Count; i += Vector<T>.Count)
        {
            Put(target, start, i, (Vector.Load(a + i) * xs) + (Vector.Load(b + i) * ys));
        }

        for (; i < size; i++)
        {
            Put(target, start, i, (a[i] * x) + (b[i] * y));
        }
    }

    private static void Of(T* target, T* start, T* a, T* b, T* c, ReadOnlySpan<T> factors, int size)
    {
        int i = 0;
        T x = factors[0], y = factors[1], z = factors[2];
        Vector<T> xs = new(x), ys = new(y), zs = new(z);
        for (; i <= size - Vector<T>.Count; i += Vector<T>.Count)
        {
            Put(target, start, i, (Vector.Load(a + i) * xs) + (Vector.Load(b + i) * ys) + (Vector.Load(c + i) * zs));
        }

        for (; i < size; i++)
        {
            Put(target, start, i, (a[i] * x) + (b[i] * y) + (c[i] * z));
        }
    }

    private static void Of(T* target, T* start, T* a, T* b, T* c, T* d, ReadOnlySpan<T> factors, int size)
    {
        int i = 0;
        T x = factors[0], y = factors[1], z = factors[2], w = factors[3];
        Vector<T> xs = new(x), ys = new(y), zs = new(z), ws = new(w);
        for (; i <= size - Vector<T>.Count; i += Vector<T>.Count)
        {
            Put(
                target, start, i,
                (Vector.Load(a + i) * xs) + (Vector.Load(b + i) * ys) + (Vector.Load(c + i) * zs) + (Vector.Load(d + i) * ws));
        }

        for (; i < size; i++)
        {
            Put(target, start, i, (a[i] * x) + (b[i] * y) + (c[i] * z) + (d[i] * w));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(T* target, T* start, int i, Vector<T> sum) =>
        Vector.Store(start == null ? sum : Vector.Load(start + i) + sum, target + i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(T* target, T* start, int i, T sum) => target[i] = start == null ? sum : start[i] + sum;
}
