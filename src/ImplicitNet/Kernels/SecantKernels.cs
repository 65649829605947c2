using System.Numerics;
using System.Runtime.InteropServices;

namespace ImplicitNet.Kernels;

/// <summary>
/// Passes over the rows of one sample, element by element, and the norm of one.
/// </summary>
/// <typeparam name="T">The element type.</typeparam>
internal static class SecantKernels<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary><c>difference = a - b</c>.</summary>
    public static void Subtract(ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> difference)
    {
        ReadOnlySpan<Vector<T>> x = Vectors(a), y = Vectors(b);
        Span<Vector<T>> to = MemoryMarshal.Cast<T, Vector<T>>(difference);
        int place = 0;
        for (; place < x.Length && place < y.Length && place < to.Length; place++)
        {
            to[place] = x[place] - y[place];
        }

        for (int rest = place * Vector<T>.Count; rest < a.Length; rest++)
        {
            difference[rest] = a[rest] - b[rest];
        }
    }

    /// <summary>The L2 norm, at every scale.</summary>
    public static double Norm(ReadOnlySpan<T> values) => typeof(T) == typeof(double)
        ? RowLength.Of(MemoryMarshal.Cast<T, double>(values))
        : RowLength.Of(MemoryMarshal.Cast<T, float>(values));

    /// <summary><c>sum = a + factor b</c>.</summary>
    public static void AddScaled(ReadOnlySpan<T> a, ReadOnlySpan<T> b, T factor, Span<T> sum)
    {
        ReadOnlySpan<Vector<T>> x = Vectors(a), y = Vectors(b);
        Span<Vector<T>> to = MemoryMarshal.Cast<T, Vector<T>>(sum);
        Vector<T> factors = new(factor);
        int place = 0;
        for (; place < x.Length && place < y.Length && place < to.Length; place++)
        {
            to[place] = x[place] + (factors * y[place]);
        }

        for (int rest = place * Vector<T>.Count; rest < a.Length; rest++)
        {
            sum[rest] = a[rest] + (factor * b[rest]);
        }
    }

    /// <summary><c>value = value - byA a - byB b</c>.</summary>
    public static void SubtractScaled(Span<T> value, ReadOnlySpan<T> a, T byA, ReadOnlySpan<T> b, T byB)
    {
        ReadOnlySpan<Vector<T>> x = Vectors(a), y = Vectors(b);
        Span<Vector<T>> to = MemoryMarshal.Cast<T, Vector<T>>(value);
        Vector<T> ofX = new(byA), ofY = new(byB);
        int place = 0;
        for (; place < x.Length && place < y.Length && place < to.Length; place++)
        {
            to[place] -= (ofX * x[place]) + (ofY * y[place]);
        }

        for (int rest = place * Vector<T>.Count; rest < value.Length; rest++)
        {
            value[rest] -= (byA * a[rest]) + (byB * b[rest]);
        }
    }

    private static ReadOnlySpan<Vector<T>> Vectors(ReadOnlySpan<T> values) => MemoryMarshal.Cast<T, Vector<T>>(values);
}
