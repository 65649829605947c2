using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ImplicitNet.Kernels;

/// <summary>
/// The sums of squares of one sample's residual and latent, in one pass over both, and the lengths that follow from them.
/// </summary>
internal static class SumsOfSquares
{
    // Sums within these have lost nothing to squares that over- or underflow in float32.
    private const float Least = 1e-18f;
    private const float Most = 1e38f;

    /// <summary>
    /// The L2 norms of <c>mapped - latent</c> and <c>latent</c>: from the sums where those are sound, else by a second pass in float64.
    /// </summary>
    /// <param name="mapped">map(u) of one sample.</param>
    /// <param name="latent">u: as many elements.</param>
    public static (double Difference, double Latent) Lengths(ReadOnlySpan<float> mapped, ReadOnlySpan<float> latent)
    {
        (float difference, float sum) = Of(mapped, latent);
        return (
            difference is >= Least and <= Most ? Math.Sqrt(difference) : OfDifference(mapped, latent),
            sum is >= Least and <= Most ? Math.Sqrt(sum) : RowLength.Of(latent));
    }

    /// <summary>
    /// <c>sum (mapped - latent)^2</c> and <c>sum latent^2</c>; accumulated in float32, in as many partial sums as a vector has lanes, and
    /// twice that.
    /// </summary>
    /// <param name="mapped">map(u) of one sample.</param>
    /// <param name="latent">u: as many elements.</param>
    public static (float Difference, float Latent) Of(ReadOnlySpan<float> mapped, ReadOnlySpan<float> latent)
    {
        ReadOnlySpan<Vector<float>> mappedVectors = MemoryMarshal.Cast<float, Vector<float>>(mapped);
        ReadOnlySpan<Vector<float>> latentVectors = MemoryMarshal.Cast<float, Vector<float>>(latent);

        // Two of each, so that an addition need not wait for the one before.
        Vector<float> differences1 = default, differences2 = default, latents1 = default, latents2 = default;
        int place = 0;
        for (; place + 1 < latentVectors.Length && place + 1 < mappedVectors.Length; place += 2)
        {
            Vector<float> u = latentVectors[place];
            Vector<float> residual = mappedVectors[place] - u;
            differences1 += residual * residual;
            latents1 += u * u;
            u = latentVectors[place + 1];
            residual = mappedVectors[place + 1] - u;
            differences2 += residual * residual;
            latents2 += u * u;
        }

        float difference = Vector.Sum(differences1 + differences2);
        float sum = Vector.Sum(latents1 + latents2);
        for (int rest = place * Vector<float>.Count; rest < latent.Length; rest++)
        {
            float residual = mapped[rest] - latent[rest];
            difference += residual * residual;
            sum += latent[rest] * latent[rest];
        }

        return (difference, sum);
    }

    private static double OfDifference(ReadOnlySpan<float> mapped, ReadOnlySpan<float> latent)
    {
        float[] memory = ArrayPool<float>.Shared.Rent(latent.Length);
        Span<float> difference = memory.AsSpan(0, latent.Length);
        for (int i = 0; i < difference.Length; i++)
        {
            difference[i] = mapped[i] - latent[i];
        }

        double length = RowLength.Of(difference);
        ArrayPool<float>.Shared.Return(memory);
        return length;
    }
}
