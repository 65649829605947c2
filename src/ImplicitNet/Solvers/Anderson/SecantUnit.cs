using System.Numerics;
using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Anderson;

/// <summary>
/// The unit, a power of two, in which a sample's history is held so that no square over- or underflows: another unit changes no digit of
/// what is computed.
/// </summary>
internal static class SecantUnit
{
    // Products of a history on the processor are summed in float64, whatever it is held in.
    private static readonly (double Least, double Most) Range = Precision.Of(ScalarType.Float64).SquareRange;

    /// <summary>The exponent of the unit for a sample.</summary>
    /// <param name="norm">Of its first residual.</param>
    /// <param name="residual">The residual.</param>
    public static int Exponent<T>(double norm, ReadOnlySpan<T> residual)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if ((norm >= Range.Least && norm <= Range.Most) || double.IsNaN(norm))
        {
            return 0;
        }

        T largest = T.Zero;
        foreach (T value in residual)
        {
            largest = T.MaxMagnitude(largest, value);
        }

        return T.IsFinite(largest) && largest != T.Zero ? T.ILogB(largest) : 0;
    }

    /// <summary>Multiplies by two to an exponent.</summary>
    public static void Scale<T>(Span<T> values, int exponent)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (exponent != 0)
        {
            Scaled(values, exponent, values);
        }
    }

    /// <summary>Writes the values times two to an exponent somewhere else.</summary>
    /// <returns>Where they are now.</returns>
    public static ReadOnlySpan<T> Scaled<T>(ReadOnlySpan<T> values, int exponent, Span<T> to)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < values.Length; i++)
        {
            to[i] = T.ScaleB(values[i], exponent);
        }

        return to;
    }
}
