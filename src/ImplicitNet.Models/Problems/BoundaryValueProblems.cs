using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>
/// Differential equations between two ends, by second-order differences of equal width: each is multiplied by its square, so that the
/// differences are -1, 2, -1.
/// </summary>
internal static class BoundaryValueProblems
{
    private const int Points = 30;
    private const double Width = 1.0 / (Points + 1);
    private const double FalknerLength = 6;

    // f''(0), as tables have it since Hartree 1937.
    private static readonly Dictionary<double, double> WallShear = new() { [0] = 0.469600, [0.5] = 0.927680, [1] = 1.232588 };

    private static readonly double[] Grid = [.. Enumerable.Range(1, Points).Select(i => i * Width)];

    public static IEnumerable<FixedPointProblem> All =>
    [
        // u'' = n sinh(n u), 0 and 1 at the ends: a layer at the right.
        FixedPointProblem.Root("troesch", "Troesch's problem", "Troesch 1976", 0.4, Troesch, Grid) with
        {
            Parameters = [[1], [3], [5]],
            Error = (q, u) => FixedPointProblem.Distance(u, PlainArithmetic.SecondDifferences(
                0, 1, Grid, x => Width * Width * q[0] * Math.Sinh(q[0] * x), x => Width * Width * q[0] * q[0] * Math.Cosh(q[0] * x))),
        },

        // f''' + f f'' + beta (1 - f'^2) = 0 for the velocity u = f' from 0 at the wall to 1 outside; the shear at the wall is known.
        FixedPointProblem.Root("falkner-skan", "Boundary layer on a wedge", "Falkner, Skan 1931; Hartree 1937", 0.4, FalknerSkan, Grid) with
        {
            Parameters = [[0], [0.5], [1]],
            Error = (q, u) => Math.Abs(((4 * u[0]) - u[1]) / (2 * FalknerLength * Width) - WallShear[q[0]]),
            ErrorTolerance = 2e-2,
        },

        // For w = x u of a polytrope of index 5: w'' = -w^5 / x^4; of u = c / sqrt(1 + c^4 x^2 / 3) the values c = 1 and sqrt(3) fit.
        FixedPointProblem.Root(
            "lane-emden", "A polytrope of index five", "Lane 1870; Emden 1907; Chandrasekhar 1939", 0.4, LaneEmden, Grid) with
        {
            Error = (_, u) => new[] { 1, Math.Sqrt(3) }.Min(c => FixedPointProblem.Distance(
                u, [.. Grid.Select(x => c * x / Math.Sqrt(1 + (Math.Pow(c, 4) * x * x / 3)))])),
            ErrorTolerance = 1e-3,
        },

        // nu u'' = u u' from 1 to -1, a shock in the middle. The discrete flux is the same between all neighbours.
        FixedPointProblem.Root(
            "burgers", "Burgers, a standing shock", "Burgers 1948", 0.4, Burgers, [.. Grid.Select(x => 1 - (2 * x))]) with
        {
            Parameters = [[1], [0.1], [0.05]],
            Error = BurgersError,
        },

        // epsilon^2 u'' = u^3 - u from -1 to 1.
        FixedPointProblem.Root(
            "allen-cahn", "Allen and Cahn, a standing wall", "Allen, Cahn 1979", 0.4, AllenCahn, [.. Grid.Select(x => (2 * x) - 1)]) with
        {
            Parameters = [[1], [0.3], [0.1]],
            Error = (q, u) => FixedPointProblem.Distance(u, AllenCahnSolution(Math.Pow(Width / q[0], 2))),
        },

        // Two species of Points / 2 points each, A = 1, diffusion 1/50: at rest at (1, B), where they also are at the ends.
        FixedPointProblem.Root("brusselator", "Brusselator at rest", "Lefever, Nicolis 1971", 0.1, Brusselator,
            [.. SpeciesGrid().Select(x => 1 + Math.Sin(2 * Math.PI * x)), .. SpeciesGrid().Select(_ => 2.0)]) with
        {
            Parameters = [[1.5], [1.8], [3]],
            Error = (q, u) => u.Select((x, i) => Math.Abs(x - (i < Points / 2 ? 1 : q[0]))).Max(),
        },
    ];

    private static Tensor Laplacian(Tensor u) => u * 2 - Columns.Shifted(u, -1) - Columns.Shifted(u, 1);

    /// <summary>What the value at the right end adds to the last equation.</summary>
    private static Tensor RightEnd(Tensor u, double value) =>
        cat([zeros_like(u.narrow(1, 0, u.shape[1] - 1)), full_like(u.narrow(1, 0, 1), value)], 1);

    private static Tensor Troesch(Tensor u, Tensor q) => Laplacian(u) - RightEnd(u, 1) + (u * q).sinh() * q * (Width * Width);

    private static Tensor FalknerSkan(Tensor u, Tensor q)
    {
        double width = FalknerLength * Width;
        Tensor stream = (u.cumsum(1) - u / 2) * width;
        Tensor slope = Columns.Shifted(u, 1) + RightEnd(u, 1) - Columns.Shifted(u, -1);
        return Laplacian(u) - RightEnd(u, 1) - stream * slope * (width / 2) - q * (1 - u.square()) * (width * width);
    }

    private static Tensor LaneEmden(Tensor u, Tensor q)
    {
        Tensor x = tensor(Grid, u.dtype, u.device);
        return Laplacian(u) - RightEnd(u, Math.Sqrt(0.75)) - u.pow(5) / x.pow(4) * (Width * Width);
    }

    private static Tensor Burgers(Tensor u, Tensor q)
    {
        Tensor left = cat([ones_like(u.narrow(1, 0, 1)), u.narrow(1, 0, Points - 1)], 1);
        Tensor right = cat([u.narrow(1, 1, Points - 1), full_like(u.narrow(1, 0, 1), -1)], 1);
        return u * 2 - left - right + (right.square() - left.square()) * (Width / 4) / q;
    }

    private static double BurgersError(double[] q, double[] u)
    {
        double[] all = [1, .. u, -1];
        double[] flux =
        [
            .. all.Zip(all.Skip(1), (here, next) => (((here * here) + (next * next)) / 4) - (q[0] * (next - here) / Width)),
        ];
        return flux.Max() - flux.Min();
    }

    private static Tensor AllenCahn(Tensor u, Tensor q)
    {
        Tensor left = cat([full_like(u.narrow(1, 0, 1), -1), u.narrow(1, 0, Points - 1)], 1);
        Tensor right = cat([u.narrow(1, 1, Points - 1), ones_like(u.narrow(1, 0, 1))], 1);
        return u * 2 - left - right + (u.pow(3) - u) * (Width * Width) / q.square();
    }

    private static double[] AllenCahnSolution(double ratio) => PlainArithmetic.SecondDifferences(
        -1, 1, [.. Grid.Select(x => Math.Tanh((x - 0.5) / (Width * Math.Sqrt(2 / ratio))))],
        x => ratio * ((x * x * x) - x), x => ratio * ((3 * x * x) - 1));

    private static IEnumerable<double> SpeciesGrid() => Enumerable.Range(1, Points / 2).Select(i => i / ((Points / 2) + 1.0));

    private static Tensor Brusselator(Tensor u, Tensor q)
    {
        const int half = Points / 2;
        const double ratio = 50.0 / ((half + 1) * (half + 1));
        Tensor x = u.narrow(1, 0, half);
        Tensor y = u.narrow(1, half, half);
        Tensor made = x.square() * y;
        Tensor ends = cat([ones_like(x.narrow(1, 0, 1)), zeros_like(x.narrow(1, 0, half - 2)), ones_like(x.narrow(1, 0, 1))], 1);
        return cat([Laplacian(x) - ends - (1 + made - (q + 1) * x) * ratio, Laplacian(y) - ends * q - (q * x - made) * ratio], 1);
    }
}
