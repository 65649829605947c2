using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>Maps whose fixed points are known in closed form, or to rounding by bisection.</summary>
internal static class ClosedForms
{
    private const double Tolerance = 1e-9;

    // The second derivative of u* in its slope is a common test of gradients; here only u* matters.
    private const double TanhOffset = 0.3;

    public static IEnumerable<FixedPointProblem> All =>
    [
        Known("cosine", "u = cos u", "Kaplan 2007, the Dottie number", (u, _) => u.cos(), [1.1], _ => [0.73908513321516064]),
        Known("square-roots", "u = sqrt u", "elementary", (u, _) => u.sqrt(), [2, 3, 4, 5, 7, 9, 25.6], _ => [1, 1, 1, 1, 1, 1, 1]),
        Known("affine", "u = u / 2 + 1", "elementary", (u, _) => (u * 0.5) + 1, [0], _ => [2]),

        // u1 = u2 / 4 + 1, u2 = u1 / 4 + 2: u = (1 + 2 / 4, 2 + 1 / 4) / (1 - 1 / 16).
        Known("affine-pair", "two affine equations", "elementary", AffinePair, [0, 0], _ => [1.5 / 0.9375, 2.25 / 0.9375]),
        Known(
            "tanh", "u = tanh(u + 1)", "elementary", (u, _) => (u + 1).tanh(), [0], _ => [Bisection.Root(x => x - Math.Tanh(x + 1), 0, 1)]),
        Known("tanh-slope", "u = tanh(a u + 0.3)", "elementary", (u, q) => ((q * u) + TanhOffset).tanh(), [0], TanhSlope) with
        {
            Parameters = [[0.1], [0.5], [0.9]],
        },
        Known("quintic", "u = u^5 + d", "Wu Fung et al. 2022, equations 4 and 5", (u, d) => u.pow(5) + d, [0], Quintic) with
        {
            Parameters = [[-0.5], [-0.2], [0], [0.3], [0.5]],
        },
        Known(
            "square-root-pair",
            "(sqrt|u1 + u2| / 2, 1.5 u1 + u2 / 2)",
            "package FixedPoint, Baumann and Klymak",
            SquareRootPair,
            [0.3, 900],
            _ => [1, 3]),

        // A quarter turn in each of seven planes is a contraction in no norm: Picard's iterates circle.
        Known(
            "rotations",
            "seven quarter turns",
            "elementary",
            Rotations,
            [.. Enumerable.Range(1, 14).Select(i => i / 3.0)],
            _ => new double[14]),
        Known("doubling", "u = 2 u + 1", "elementary", (u, _) => (u * 2) + 1, [0], _ => [-1]),
        Symmetric(),
    ];

    private static FixedPointProblem Known(
        string name, string title, string source, Func<Tensor, Tensor, Tensor> function, double[] start,
        Func<double[], double[]> solution) => new()
        {
            Name = name,
            Title = title,
            Source = source,
            Function = function,
            Start = start,
            Error = (q, u) => FixedPointProblem.Distance(u, solution(q)),
            ErrorTolerance = Tolerance,
        };

    private static Tensor AffinePair(Tensor u, Tensor q) => (u.flip(1) * 0.25) + arange(1, 3, dtype: u.dtype, device: u.device);

    private static double[] TanhSlope(double[] q) => [Bisection.Root(x => x - Math.Tanh((q[0] * x) + TanhOffset), 0, 1)];

    private static double[] Quintic(double[] d) => [Bisection.Root(x => x - Math.Pow(x, 5) - d[0], -0.66, 0.66)];

    private static Tensor SquareRootPair(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        return stack([(x[0] + x[1]).abs().sqrt() * 0.5, (x[0] * 1.5) + (x[1] * 0.5)], 1);
    }

    private static Tensor Rotations(Tensor u, Tensor q) => cat([u.slice(1, 7, 14, 1).neg(), u.slice(1, 0, 7, 1)], 1);

    /// <summary>Three matrices; each sample's parameters are its matrix by rows and its offset.</summary>
    private static FixedPointProblem Symmetric()
    {
        const int size = SymmetricMap.Size;
        using DisposeScope scope = NewDisposeScope();
        List<double[]> parameters = [];
        List<double[]> solutions = [];
        foreach (ulong seed in (ulong[])[1, 2, 3])
        {
            (Tensor matrix, Tensor offset) = SymmetricMap.Draw(seed);
            parameters.Add([.. matrix.data<double>(), .. offset.data<double>()]);
            solutions.Add([.. linalg.solve(eye(size, dtype: ScalarType.Float64) - matrix, offset.t()).data<double>()]);
        }

        return Known(
            "symmetric",
            "u = A u + b, A symmetric, radius 0.9",
            "elementary",
            (u, q) => u.unsqueeze(1).bmm(q.narrow(1, 0, size * size).reshape(-1, size, size)).squeeze(1) + q.narrow(1, size * size, size),
            new double[size],
            q => solutions[parameters.IndexOf(q)]) with
        {
            Parameters = parameters,
        };
    }
}
