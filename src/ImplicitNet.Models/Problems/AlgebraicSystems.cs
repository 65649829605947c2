using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>Small systems of polynomials and elementary functions: an equilibrium, a mechanism, what misleads Newton's method.</summary>
internal static class AlgebraicSystems
{
    // All stationary points of (x1^2 + x2 - 11)^2 + (x1 + x2^2 - 7)^2: (3, 2) exactly, the others to the six digits printed.
    private static readonly double[][] HimmelblauPoints =
    [
        [-3.779310, -3.283186], [-3.073026, -0.081353], [-2.805118, 3.131313], [-0.270845, -0.923039], [-0.127961, -1.953715],
        [0.086678, 2.884255], [3, 2], [3.385154, 0.073852], [3.584428, -1.848127],
    ];

    // The last is the one of nature, as in the literature; the others have a negative amount.
    private static readonly double[][] CombustionPoints =
    [
        [2.15330799e-3, 50.5495635, -0.0541448112, -0.860671322, 0.0370006957],
        [2.47100055e-3, 43.8792130, 0.0577844615, -0.860205472, 0.0369655200],
        [2.75717692e-3, 39.2422960, -0.0613875988, 0.859724426, 0.0369850433],
        [3.11410199e-3, 34.5979276, 0.0650417757, 0.859378051, 0.0369518591],
    ];

    public static IEnumerable<FixedPointProblem> All =>
    [
        FixedPointProblem.Root(
            "himmelblau", "Himmelblau, gradient", "Himmelblau 1972; Floudas et al. 1999, 14.1.1", 0.01, Himmelblau, [1, 1]) with
        {
            Error = (_, u) => HimmelblauPoints.Min(point => FixedPointProblem.Distance(u, point)),
            ErrorTolerance = 2e-6,
        },
        FixedPointProblem.Root("boggs", "Boggs, three roots", "Boggs 1971", 0.3, Boggs, [1, 0]) with
        {
            Error = (_, u) => ((double[][])[[0, 1], [-1, 2], [-Math.Sqrt(0.5), 1.5]]).Min(x => FixedPointProblem.Distance(u, x)),
        },

        // The only root, 0, has no neighbourhood from which Newton's method converges.
        FixedPointProblem.Root("griewank-osborne", "Newton's method diverges", "Griewank, Osborne 1983", 0.2, GriewankOsborne, [1, 1]) with
        {
            Error = (_, u) => u.Max(Math.Abs),
            ErrorTolerance = 2e-3,
        },

        // Products of propane's combustion in air, reduced to five unknowns; four real solutions.
        FixedPointProblem.Root(
            "combustion", "Combustion of propane", "Meintjes, Morgan 1990", 0.02, Combustion,
            [0.1, 1, 0.1, 1, 0.1]) with
        {
            Error = (_, u) => CombustionPoints.Min(point => FixedPointProblem.RelativeDistance(u, point)),
            ErrorTolerance = 1e-4,
        },

        // Four angles by their cosines and sines: the fourth and fifth equations fix the first pair, to two values.
        FixedPointProblem.Root(
            "robot-arm", "Six-revolute manipulator", "Tsai, Morgan 1985; Floudas et al. 1999, 14.1.6", 0.3, RobotArm,
            [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]) with
        {
            Error = (_, u) => Math.Max(FirstAngle().Min(x => FixedPointProblem.Distance([u[0], u[1]], x)),
                u.Chunk(2).Max(pair => Math.Abs((pair[0] * pair[0]) + (pair[1] * pair[1]) - 1))),
        },
    ];

    private static Tensor Himmelblau(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        Tensor first = x[0].square() + x[1] - 11;
        Tensor second = x[0] + x[1].square() - 7;
        return stack([x[0] * first * 4 + second * 2, first * 2 + x[1] * second * 4], 1);
    }

    private static Tensor Boggs(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        return stack([x[0].square() - x[1] + 1, x[0] - (x[1] * (Math.PI / 2)).cos()], 1);
    }

    private static Tensor GriewankOsborne(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        return stack([x[0].pow(3) * (29.0 / 16) - x[0] * x[1] * 2, x[1] - x[0].square()], 1);
    }

    private static Tensor Combustion(Tensor u, Tensor q)
    {
        Tensor[] y = Columns.Of(u);
        Tensor first = y[0] * y[1] + y[0];
        Tensor water = y[1] * y[2].square();
        Tensor hydroxide = y[1] * y[2] * 5.45177e-4;
        Tensor nitrous = y[1] * y[3] * 3.40735e-5;
        Tensor hydrogen = y[1].square() * 9.615e-7;
        Tensor free = y[1] * 4.4975e-7;
        return stack(
            [
                first - y[4] * 3,
                first + y[0] * y[1] + hydrogen * 2 + water + hydroxide + nitrous + free - y[4] * 10,
                water * 2 + hydroxide + y[2].square() * 0.386 + y[2] * 4.10622e-4 - y[4] * 8,
                nitrous + y[3].square() * 2 - y[4] * 40,
                first + hydrogen + water + hydroxide + nitrous + free + y[2].square() * 0.193 + y[2] * 4.10622e-4 + y[3].square() - 1,
            ],
            1);
    }

    private static Tensor RobotArm(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        return stack(
            [
                x[0] * x[2] * 4.731e-3 - x[1] * x[2] * 0.3578 - x[0] * 0.1238 + x[6] - x[1] * 1.637e-3 - x[3] * 0.9338 - 0.3571,
                x[0] * x[2] * 0.2238 + x[1] * x[2] * 0.7623 + x[0] * 0.2638 - x[6] - x[1] * 0.07745 - x[3] * 0.6734 - 0.6022,
                x[5] * x[7] + x[0] * 0.3578 + x[1] * 4.731e-3,
                x[0] * -0.7623 + x[1] * 0.2238 + 0.3461,
                x[0].square() + x[1].square() - 1,
                x[2].square() + x[3].square() - 1,
                x[4].square() + x[5].square() - 1,
                x[6].square() + x[7].square() - 1,
            ],
            1);
    }

    /// <summary>Where the line of the fourth equation cuts the unit circle of the fifth.</summary>
    private static double[][] FirstAngle()
    {
        (double a, double b, double c) = (0.7623, -0.2238, 0.3461);
        double square = (a * a) + (b * b);
        double half = Math.Sqrt(square - (c * c)) / square;
        return [.. new[] { -half, half }.Select(by => (double[])[(a * c / square) + (b * by), (b * c / square) - (a * by)])];
    }
}
