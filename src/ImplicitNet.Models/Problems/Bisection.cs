namespace ImplicitNet.Models.Problems;

/// <summary>Roots of functions of one number, to rounding, independently of any solver.</summary>
internal static class Bisection
{
    private const int Pieces = 2000;

    /// <summary>The root of a function that is negative at <paramref name="low"/> and positive at <paramref name="high"/>.</summary>
    public static double Root(Func<double, double> rising, double low, double high)
    {
        for (int halving = 0; halving < 200; halving++)
        {
            double middle = (low + high) / 2;
            (low, high) = rising(middle) > 0 ? (low, middle) : (middle, high);
        }

        return low;
    }

    /// <summary>All roots between two numbers at which a function changes its sign, as far as 2,000 pieces tell them apart.</summary>
    public static double[] Roots(Func<double, double> function, double low, double high)
    {
        double width = (high - low) / Pieces;
        return
        [
            .. Enumerable.Range(0, Pieces).Select(piece => (From: low + (piece * width), To: low + ((piece + 1) * width)))
                .Where(piece => function(piece.From) > 0 != function(piece.To) > 0)
                .Select(piece => function(piece.To) > 0
                    ? Root(function, piece.From, piece.To)
                    : Root(x => -function(x), piece.From, piece.To)),
        ];
    }
}
