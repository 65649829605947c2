using System.Numerics;
using System.Runtime.InteropServices;

namespace ImplicitNet.Kernels;

/// <summary>
/// Passes over the rows of one sample. Sums are accumulated in float64, in twice as many partial sums as a vector of that has lanes.
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

    /// <summary>The elements in float64.</summary>
    public static void Widen(ReadOnlySpan<T> values, Span<double> to)
    {
        if (typeof(T) == typeof(double))
        {
            MemoryMarshal.Cast<T, double>(values).CopyTo(to);
            return;
        }

        ReadOnlySpan<float> from = MemoryMarshal.Cast<T, float>(values);
        ReadOnlySpan<Vector<float>> x = MemoryMarshal.Cast<float, Vector<float>>(from);
        Span<Vector<double>> wide = MemoryMarshal.Cast<double, Vector<double>>(to);
        int place = 0;
        for (; place < x.Length && (2 * place) + 1 < wide.Length; place++)
        {
            Vector.Widen(x[place], out wide[2 * place], out wide[(2 * place) + 1]);
        }

        for (int rest = place * Vector<float>.Count; rest < from.Length; rest++)
        {
            to[rest] = from[rest];
        }
    }

    /// <summary><c>a . b</c> and <c>a . c</c>.</summary>
    public static (double B, double C) Products(ReadOnlySpan<T> a, ReadOnlySpan<double> b, ReadOnlySpan<double> c)
    {
        ReadOnlySpan<Vector<T>> x = Vectors(a);
        ReadOnlySpan<Vector<double>> y = MemoryMarshal.Cast<double, Vector<double>>(b), z = MemoryMarshal.Cast<double, Vector<double>>(c);
        Vector<double> b1 = default, b2 = default, c1 = default, c2 = default;
        int place = 0;
        if (typeof(T) == typeof(double))
        {
            for (; place + 1 < x.Length && place + 1 < y.Length && place + 1 < z.Length; place += 2)
            {
                Vector<double> first = x[place].As<T, double>(), second = x[place + 1].As<T, double>();
                b1 = Vector.MultiplyAddEstimate(first, y[place], b1);
                b2 = Vector.MultiplyAddEstimate(second, y[place + 1], b2);
                c1 = Vector.MultiplyAddEstimate(first, z[place], c1);
                c2 = Vector.MultiplyAddEstimate(second, z[place + 1], c2);
            }
        }
        else
        {
            for (; place < x.Length && (2 * place) + 1 < y.Length && (2 * place) + 1 < z.Length; place++)
            {
                Vector.Widen(x[place].As<T, float>(), out Vector<double> first, out Vector<double> second);
                b1 = Vector.MultiplyAddEstimate(first, y[2 * place], b1);
                b2 = Vector.MultiplyAddEstimate(second, y[(2 * place) + 1], b2);
                c1 = Vector.MultiplyAddEstimate(first, z[2 * place], c1);
                c2 = Vector.MultiplyAddEstimate(second, z[(2 * place) + 1], c2);
            }
        }

        double byB = Vector.Sum(b1 + b2), byC = Vector.Sum(c1 + c2);
        for (int rest = place * Vector<T>.Count; rest < a.Length; rest++)
        {
            double value = double.CreateTruncating(a[rest]);
            byB += value * b[rest];
            byC += value * c[rest];
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

    private static ReadOnlySpan<Vector<T>> Vectors(ReadOnlySpan<T> values) => MemoryMarshal.Cast<T, Vector<T>>(values);
}
