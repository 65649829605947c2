using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>
/// Systems of the collection of More, Garbow and Hillstrom (ACM Trans. Math. Softw. 7, 1981), with the number they have
/// there and its standard start. alpha is about one over the largest eigenvalue of F' at the solution, with its sign.
/// </summary>
internal static class MoreGarbowHillstrom
{
    private const int Size = 10;

    public static IEnumerable<FixedPointProblem> All =>
    [
        // F' has the eigenvalues -0.5 and -19.5 at the solution.
        Root("rosenbrock", "Rosenbrock's valley", "1 (Rosenbrock 1960)", -0.05, Rosenbrock, [-1.2, 1], [1, 1]),

        // From this start descent of ||F|| leads to (11.41, -0.8968), which is no root.
        Root("freudenstein-roth", "Freudenstein and Roth", "2 (Freudenstein, Roth 1963)", 0.02, FreudensteinRoth, [0.5, -2], [5, 4]),

        // The inverse of the Jacobian at the root has norm 9,109: a residual at the tolerance, 1e-9, allows an error of 9e-6.
        Root("powell-badly-scaled", "Powell, badly scaled", "3 (Powell 1970)", 1, PowellBadlyScaled, [0, 1]) with
        {
            Error = BadlyScaledError,
            ErrorTolerance = 1e-5,
        },
        Root("helical-valley", "Helical valley", "7 (Fletcher, Powell 1963)", 0.05, HelicalValley, [-1, 0, 0], [1, 0, 0]),

        // The Jacobian is singular at the solution: the error is the root of the residual.
        Root("powell-singular", "Powell, singular Jacobian", "13 (Powell 1962)", 0.1, PowellSingular, [3, -1, 0, 1]) with
        {
            Error = (_, u) => u.Max(Math.Abs),
            ErrorTolerance = 1e-3,
        },
        Root("trigonometric", "Trigonometric", "26 (Spedicato 1975)", 0.05, Trigonometric, Filled(1.0 / Size)),
        Root("brown-almost-linear", "Brown, almost linear", "27 (Brown 1969)", 0.1, BrownAlmostLinear, Filled(0.5)),
        Root(
            "boundary-value",
            "Discrete boundary value problem",
            "28 (More, Cosnard 1979)",
            0.4,
            DiscreteBoundaryValue,
            Parabola(),
            GreensSolution()),
        Root(
            "integral-equation",
            "Discrete integral equation",
            "29 (More, Cosnard 1979)",
            1,
            DiscreteIntegralEquation,
            Parabola(),
            GreensSolution()),
        Root("broyden-tridiagonal", "Broyden, tridiagonal", "30 (Broyden 1965)", 0.15, BroydenTridiagonal, Filled(-1)),
        Root("broyden-banded", "Broyden, banded", "31 (Broyden 1971)", 0.1, BroydenBanded, Filled(-1)),
    ];

    private static FixedPointProblem Root(
        string name, string title, string number, double alpha, Func<Tensor, Tensor, Tensor> function, double[] start, double[]? solution =
            null) =>
        FixedPointProblem.Root(name, title, $"More, Garbow, Hillstrom 1981, number {number}", alpha, function, start) with
        {
            Error = solution is null ? null : (_, u) => FixedPointProblem.RelativeDistance(u, solution),
        };

    private static Tensor Rosenbrock(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        return stack([(x[1] - x[0].square()) * 10, 1 - x[0]], 1);
    }

    private static Tensor FreudensteinRoth(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        return stack([x[0] - 13 + ((5 - x[1]) * x[1] - 2) * x[1], x[0] - 29 + ((x[1] + 1) * x[1] - 14) * x[1]], 1);
    }

    private static Tensor PowellBadlyScaled(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        return stack([x[0] * x[1] * 1e4 - 1, (-x[0]).exp() + (-x[1]).exp() - 1.0001], 1);
    }

    private static Tensor HelicalValley(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        Tensor turn = (x[1] / x[0]).atan() / (2 * Math.PI) + where(x[0] < 0, full_like(x[0], 0.5), zeros_like(x[0]));
        return stack([(x[2] - turn * 10) * 10, ((x[0].square() + x[1].square()).sqrt() - 1) * 10, x[2]], 1);
    }

    private static Tensor PowellSingular(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        return stack(
            [x[0] + x[1] * 10, (x[2] - x[3]) * Math.Sqrt(5), (x[1] - x[2] * 2).square(), (x[0] - x[3]).square() * Math.Sqrt(10)], 1);
    }

    private static Tensor Trigonometric(Tensor u, Tensor q)
    {
        Tensor number = arange(1, Size + 1, dtype: u.dtype, device: u.device);
        return Size - u.cos().sum(1, keepdim: true) + number * (1 - u.cos()) - u.sin();
    }

    private static Tensor BrownAlmostLinear(Tensor u, Tensor q) =>
        cat([(u + u.sum(1, keepdim: true) - (Size + 1)).slice(1, 0, Size - 1, 1), Columns.Of(u)
            .Aggregate((a, b) => a * b).unsqueeze(1) - 1], 1);

    private static Tensor DiscreteBoundaryValue(Tensor u, Tensor q) =>
        u * 2 - Columns.Shifted(u, -1) - Columns.Shifted(u, 1) + (u + tensor(Grid(), u.dtype, u.device) + 1).pow(3) * (Step * Step / 2);

    private static Tensor DiscreteIntegralEquation(Tensor u, Tensor q)
    {
        Tensor t = tensor(Grid(), u.dtype, u.device);
        Tensor cubes = (u + t + 1).pow(3);
        Tensor left = (cubes * t).cumsum(1);
        Tensor right = (cubes * (1 - t)).flip(1).cumsum(1).flip(1) - cubes * (1 - t);
        return u + ((1 - t) * left + t * right) * (Step / 2);
    }

    private static Tensor BroydenTridiagonal(Tensor u, Tensor q) =>
        (3 - u * 2) * u - Columns.Shifted(u, -1) - Columns.Shifted(u, 1) * 2 + 1;

    private static Tensor BroydenBanded(Tensor u, Tensor q)
    {
        Tensor quadratic = u * (1 + u);
        Tensor near = Enumerable.Range(1, 5).Select(by => Columns.Shifted(quadratic, -by)).Aggregate(
            Columns.Shifted(quadratic, 1), (sum, next) => sum + next);
        return u * (2 + u.square() * 5) + 1 - near;
    }

    private const double Step = 1.0 / (Size + 1);

    private static double[] Grid() => [.. Enumerable.Range(1, Size).Select(i => i * Step)];

    private static double[] Parabola() => [.. Grid().Select(t => t * (t - 1))];

    private static double[] Filled(double value) => [.. Enumerable.Repeat(value, Size)];

    /// <summary>x1 x2 = 1e-4 and exp(-x1) + exp(-x2) = 1.0001: near (1.098e-5, 9.106), or the two exchanged.</summary>
    private static double BadlyScaledError(double[] q, double[] u) => Math.Abs(Math.Max(u[0], u[1]) - 9.106146739);

    /// <summary>
    /// Numbers 28 and 29 have the same solution, the second being the first multiplied by the inverse of its differences
    /// (Green's function). The integral equation contracts, so it is iterated here, in plain numbers.
    /// </summary>
    private static double[] GreensSolution()
    {
        double[] t = Grid();
        double[] x = Parabola();
        for (int iteration = 0; iteration < 200; iteration++)
        {
            double[] last = x;
            x = [.. t.Select(own => -Step / 2 * t.Select((other,
                j) => (own < other ? own * (1 - other) : other * (1 - own)) * Math.Pow(last[j] + other + 1, 3)).Sum())];
        }

        return x;
    }
}
