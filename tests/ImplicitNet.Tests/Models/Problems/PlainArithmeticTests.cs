using ImplicitNet.Models.Problems;

namespace ImplicitNet.Tests.Models.Problems;

public sealed class PlainArithmeticTests
{
    [Fact]
    public void Elimination_exchanges_rows_where_a_pivot_vanishes()
    {
        double[][] matrix = [[0, 2, 1], [1, -1, 0], [3, 0, -2]];
        double[] x = PlainArithmetic.Eliminate((row, column) => matrix[row][column], [7, -1, -3]);
        Assert.All(x.Zip([1.0, 2, 3]), pair => Assert.Equal(pair.Second, pair.First, 1e-14));
    }

    [Fact]
    public void Iteration_ends_at_the_fixed_point() =>
        Assert.Equal(0.73908513321516064, PlainArithmetic.Iterate(x => [Math.Cos(x[0])], [1])[0], 1e-14);

    [Fact]
    public void Second_differences_of_a_linear_equation_are_its_hyperbolic_sine()
    {
        // -u(i-1) + (2 + s) u(i) - u(i+1) = 0 with 2 + s = 2 cosh(w) is solved by sinh(w i), exactly.
        const double w = 0.3;
        double s = (2 * Math.Cosh(w)) - 2;
        double[] u = PlainArithmetic.SecondDifferences(0, Math.Sinh(6 * w), new double[5], x => s * x, _ => s);
        Assert.All(u.Index(), entry => Assert.Equal(Math.Sinh((entry.Index + 1) * w), entry.Item, 1e-13));
    }

    [Fact]
    public void All_roots_are_found_whichever_way_they_cross()
    {
        double[] roots = Bisection.Roots(x => (x + 1.03) * (x - 0.2) * (x - 2.7), -3, 3);
        Assert.All(roots.Zip([-1.03, 0.2, 2.7]), pair => Assert.Equal(pair.Second, pair.First, 1e-14));
        Assert.Equal(3, roots.Length);
        Assert.Empty(Bisection.Roots(x => 1 + (x * x), -3, 3));
    }
}
