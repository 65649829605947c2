using System.Numerics;
using System.Runtime.InteropServices;

namespace ImplicitNet.Solvers;

/// <summary>The sums of squares of one sample's residual and latent, in one pass over both.</summary>
internal static class SumsOfSquares
{
    /// <summary><c>sum (mapped - latent)^2</c> and <c>sum latent^2</c>; accumulated in float32, in as many partial sums as a vector has lanes, and twice that.</summary>
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
}
