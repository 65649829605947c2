using System.Numerics;

namespace ImplicitNet.Flows.Loop;

/// <summary>The error of a row beside its tolerance.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal static unsafe class RowNorm<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    // The least number: a scale of 0 makes 0 / 0 = 0, and anything else very large.
    private static readonly T Least = T.Epsilon;

    /// <summary>
    /// The root mean square of <c>error / (absolute + relative max(|first|, |second|))</c>; NaN where the second is not finite.
    /// </summary>
    public static double Of(T* error, T* first, T* second, int size, T absolute, T relative)
    {
        int i = 0;
        Vector<T> squares = Vector<T>.Zero, proof = Vector<T>.Zero, least = new(Least), zero = new(absolute), share = new(relative);
        for (; i <= size - Vector<T>.Count; i += Vector<T>.Count)
        {
            Vector<T> next = Vector.Load(second + i);
            Vector<T> larger = Vector.MaxNative(Vector.Abs(Vector.Load(first + i)), Vector.Abs(next));
            Vector<T> scale = Vector.MaxNative(zero + (larger * share), least);
            Vector<T> ratio = Vector.Load(error + i) / scale;
            squares += ratio * ratio;
            proof += next * Vector<T>.Zero;
        }

        double sum = double.CreateTruncating(Vector.Sum(squares)), finite = double.CreateTruncating(Vector.Sum(proof));
        for (; i < size; i++)
        {
            T larger = T.Max(T.Abs(first[i]), T.Abs(second[i]));
            double ratio = double.CreateTruncating(error[i] / T.Max(absolute + (larger * relative), Least));
            sum += ratio * ratio;
            finite += double.CreateTruncating(second[i] * T.Zero);
        }

        // An error that is not finite where the state is: the step was far too long.
        return double.IsNaN(finite) ? double.NaN : double.IsNaN(sum) ? double.PositiveInfinity : Math.Sqrt(sum / size);
    }
}
