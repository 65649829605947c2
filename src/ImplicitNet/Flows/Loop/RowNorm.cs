using System.Numerics;
using System.Runtime.CompilerServices;

namespace ImplicitNet.Flows.Loop;

/// <summary>The error of a row beside its tolerance.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal static unsafe class RowNorm<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    // The least number: a scale of 0 makes 0 / 0 = 0, and anything else very large.
    private static readonly T Least = T.Epsilon;

    /// <summary>
    /// The root mean square of <c>error / (absolute + relative max(|first|, |second|))</c>, where <c>error = sum_j factor_j row_j</c>; NaN
    /// where the second is not finite.
    /// </summary>
    public static double Of(
        ReadOnlySpan<nint> blocks, ReadOnlySpan<T> factors, T* first, T* second, long place, int size, T absolute, T relative)
    {
        first += place;
        second += place;
        int i = 0;
        Vector<T> squares = Vector<T>.Zero, more = squares, proof = squares;
        Vector<T> least = new(Least), zero = new(absolute), share = new(relative);
        for (; i <= size - (4 * Vector<T>.Count); i += 4 * Vector<T>.Count)
        {
            RowSum<T>.Terms(blocks, factors, place + i, out Vector<T> a, out Vector<T> b, out Vector<T> c, out Vector<T> d);
            squares += Square(a, i, ref proof);
            more += Square(b, i + Vector<T>.Count, ref proof);
            squares += Square(c, i + (2 * Vector<T>.Count), ref proof);
            more += Square(d, i + (3 * Vector<T>.Count), ref proof);
        }

        for (; i <= size - Vector<T>.Count; i += Vector<T>.Count)
        {
            squares += Square(RowSum<T>.Term(blocks, factors, place + i), i, ref proof);
        }

        double sum = double.CreateTruncating(Vector.Sum(squares + more)), finite = double.CreateTruncating(Vector.Sum(proof));
        for (; i < size; i++)
        {
            T larger = T.Max(T.Abs(first[i]), T.Abs(second[i]));
            T error = RowSum<T>.One(blocks, factors, place + i);
            double ratio = double.CreateTruncating(error / T.Max(absolute + (larger * relative), Least));
            sum += ratio * ratio;
            finite += double.CreateTruncating(second[i] * T.Zero);
        }

        // An error that is not finite where the state is: the step was far too long.
        return double.IsNaN(finite) ? double.NaN : double.IsNaN(sum) ? double.PositiveInfinity : Math.Sqrt(sum / size);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        Vector<T> Square(Vector<T> error, int at, ref Vector<T> finite)
        {
            Vector<T> next = Vector.Load(second + at);
            Vector<T> larger = Vector.MaxNative(Vector.Abs(Vector.Load(first + at)), Vector.Abs(next));
            Vector<T> ratio = error / Vector.MaxNative(zero + (larger * share), least);
            finite += next * Vector<T>.Zero;
            return ratio * ratio;
        }
    }
}
