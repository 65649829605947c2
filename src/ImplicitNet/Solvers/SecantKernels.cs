using System.Numerics;
using System.Runtime.InteropServices;

namespace ImplicitNet.Solvers;

/// <summary>
/// Passes over the rows of one sample. Sums are accumulated in the element type, in twice as many partial sums as a vector has
/// lanes.
/// </summary>
/// <typeparam name="T">The element type.</typeparam>
internal static class SecantKernels<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary><c>difference = a - b</c>.</summary>
    /// <returns>The sum of its squares.</returns>
    public static double Subtract(ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> difference)
    {
        ReadOnlySpan<Vector<T>> x = Vectors(a), y = Vectors(b);
        Span<Vector<T>> to = MemoryMarshal.Cast<T, Vector<T>>(difference);
        Vector<T> sum1 = default, sum2 = default;
        int place = 0;
        for (; place + 1 < x.Length && place + 1 < y.Length && place + 1 < to.Length; place += 2)
        {
            Vector<T> first = x[place] - y[place];
            Vector<T> second = x[place + 1] - y[place + 1];
            to[place] = first;
            to[place + 1] = second;
            sum1 += first * first;
            sum2 += second * second;
        }

        T sum = Vector.Sum(sum1 + sum2);
        for (int rest = place * Vector<T>.Count; rest < a.Length; rest++)
        {
            T value = a[rest] - b[rest];
            difference[rest] = value;
            sum += value * value;
        }

        return double.CreateChecked(sum);
    }

    /// <summary><c>a . b</c> and <c>a . c</c>.</summary>
    public static (double B, double C) Products(ReadOnlySpan<T> a, ReadOnlySpan<T> b, ReadOnlySpan<T> c)
    {
        ReadOnlySpan<Vector<T>> x = Vectors(a), y = Vectors(b), z = Vectors(c);
        Vector<T> b1 = default, b2 = default, c1 = default, c2 = default;
        int place = 0;
        for (; place + 1 < x.Length && place + 1 < y.Length && place + 1 < z.Length; place += 2)
        {
            Vector<T> first = x[place];
            Vector<T> second = x[place + 1];
            b1 += first * y[place];
            b2 += second * y[place + 1];
            c1 += first * z[place];
            c2 += second * z[place + 1];
        }

        T byB = Vector.Sum(b1 + b2), byC = Vector.Sum(c1 + c2);
        for (int rest = place * Vector<T>.Count; rest < a.Length; rest++)
        {
            byB += a[rest] * b[rest];
            byC += a[rest] * c[rest];
        }

        return (double.CreateChecked(byB), double.CreateChecked(byC));
    }

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
