namespace ImplicitNet.Benchmarks.Distributed;

/// <summary>The largest of several numbers drawn from the standard normal distribution.</summary>
internal static class LargestNormal
{
    private const double End = 12;
    private const int Pieces = 24_000;

    /// <summary>Its expectation, by integrals over the distribution function P: of 1 - P^n above 0, less that of P^n below.</summary>
    /// <param name="count">How many are drawn; at least 1.</param>
    public static double Mean(long count)
    {
        const double Width = 2 * End / Pieces;
        double below = 0;
        double mean = 0;
        for (int piece = 0; piece < Pieces; piece++)
        {
            double middle = -End + ((piece + 0.5) * Width);
            double half = Width * Math.Exp(-middle * middle / 2) / Math.Sqrt(2 * Math.PI) / 2;
            double all = Math.Pow(Math.Min(1, below + half), count);
            mean += Width * (middle < 0 ? -all : 1 - all);
            below += 2 * half;
        }

        return mean;
    }
}
