namespace ImplicitNet.Models.Problems;

/// <summary>Roots of functions of one number, to rounding, independently of any solver.</summary>
internal static class Bisection
{
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
}
