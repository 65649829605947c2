using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ImplicitNet.Kernels;

/// <summary>
/// The length of a vector, <c>sqrt(sum x_i^2)</c>, whatever its scale: no square over- or underflows, and a vector times a power of two
/// has that many times the length, to the bit.
/// </summary>
internal static class RowLength
{
    // Sums of squares in float64 within these have lost nothing that their last place shows.
    private const double Least = 1.1830521861667747e-271;
    private const double Most = 8.452712498170644e+270;

    /// <summary>Of float32, whose squares float64 holds: 0 only for zeros.</summary>
    /// <returns>NaN or infinity where an element is.</returns>
    public static double Of(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        Vector<double> low = default, high = default;
        foreach (Vector<float> vector in vectors)
        {
            Vector.Widen(vector, out Vector<double> first, out Vector<double> second);
            low += first * first;
            high += second * second;
        }

        double sum = Vector.Sum(low + high);
        for (int rest = vectors.Length * Vector<float>.Count; rest < values.Length; rest++)
        {
            sum += (double)values[rest] * values[rest];
        }

        return Math.Sqrt(sum);
    }

    /// <summary>Of float64: by a second pass in units of the largest element where the squares leave its range.</summary>
    /// <returns>0 only for zeros; NaN or infinity where an element is, and infinity where the length itself overflows.</returns>
    public static double Of(ReadOnlySpan<double> values)
    {
        double sum = SumOfSquares(values);
        if (sum is >= Least and <= Most || double.IsNaN(sum))
        {
            return Math.Sqrt(sum);
        }

        double largest = 0;
        foreach (double value in values)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        return largest == 0 || !double.IsFinite(largest) ? largest : InUnitsOf(Math.ILogB(largest), values);
    }

    private static double InUnitsOf(int exponent, ReadOnlySpan<double> values)
    {
        double[] memory = ArrayPool<double>.Shared.Rent(values.Length);
        Span<double> scaled = memory.AsSpan(0, values.Length);
        for (int i = 0; i < scaled.Length; i++)
        {
            scaled[i] = Math.ScaleB(values[i], -exponent);
        }

        double sum = SumOfSquares(scaled);
        ArrayPool<double>.Shared.Return(memory);
        return Math.ScaleB(Math.Sqrt(sum), exponent);
    }

    private static double SumOfSquares(ReadOnlySpan<double> values)
    {
        ReadOnlySpan<Vector<double>> vectors = MemoryMarshal.Cast<double, Vector<double>>(values);
        Vector<double> even = default, odd = default;
        int place = 0;
        for (; place + 1 < vectors.Length; place += 2)
        {
            even += vectors[place] * vectors[place];
            odd += vectors[place + 1] * vectors[place + 1];
        }

        double sum = Vector.Sum(even + odd);
        for (int rest = place * Vector<double>.Count; rest < values.Length; rest++)
        {
            sum += values[rest] * values[rest];
        }

        return sum;
    }
}
