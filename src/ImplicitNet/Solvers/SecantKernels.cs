using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ImplicitNet.Solvers;

/// <summary>
/// Passes over the rows of one sample. Sums are accumulated in float64, in as many partial sums as a vector of the elements has lanes.
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
        Vector<double> low = default, high = default;
        int place = 0;
        for (; place < x.Length && place < y.Length && place < to.Length; place++)
        {
            Vector<T> value = x[place] - y[place];
            to[place] = value;
            (Vector<double> first, Vector<double> second) = Widen(value);
            low += first * first;
            high += second * second;
        }

        double sum = Vector.Sum(low + high);
        for (int rest = place * Vector<T>.Count; rest < a.Length; rest++)
        {
            T value = a[rest] - b[rest];
            difference[rest] = value;
            sum += Product(value, value);
        }

        return sum;
    }

    /// <summary><c>a . b</c> and <c>a . c</c>.</summary>
    public static (double B, double C) Products(ReadOnlySpan<T> a, ReadOnlySpan<T> b, ReadOnlySpan<T> c)
    {
        ReadOnlySpan<Vector<T>> x = Vectors(a), y = Vectors(b), z = Vectors(c);
        Vector<double> b1 = default, b2 = default, c1 = default, c2 = default;
        int place = 0;
        for (; place < x.Length && place < y.Length && place < z.Length; place++)
        {
            (Vector<double> first, Vector<double> second) = Widen(x[place]);
            (Vector<double> firstOfB, Vector<double> secondOfB) = Widen(y[place]);
            (Vector<double> firstOfC, Vector<double> secondOfC) = Widen(z[place]);
            b1 += first * firstOfB;
            b2 += second * secondOfB;
            c1 += first * firstOfC;
            c2 += second * secondOfC;
        }

        double byB = Vector.Sum(b1 + b2), byC = Vector.Sum(c1 + c2);
        for (int rest = place * Vector<T>.Count; rest < a.Length; rest++)
        {
            byB += Product(a[rest], b[rest]);
            byC += Product(a[rest], c[rest]);
        }

        return (byB, byC);
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

    /// <summary>The elements in float64; those that are it already, and zeros that change no sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector<double> First, Vector<double> Second) Widen(Vector<T> values)
    {
        if (typeof(T) == typeof(double))
        {
            return (values.As<T, double>(), default);
        }

        Vector.Widen(values.As<T, float>(), out Vector<double> first, out Vector<double> second);
        return (first, second);
    }

    private static double Product(T a, T b) => double.CreateTruncating(a) * double.CreateTruncating(b);

    private static ReadOnlySpan<Vector<T>> Vectors(ReadOnlySpan<T> values) => MemoryMarshal.Cast<T, Vector<T>>(values);
}
