using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>
/// Maps of dynamics at parameters where their iterates come to rest, and where they double their period or are chaotic: a fixed point
/// is a solution whether it attracts or not.
/// </summary>
internal static class IteratedMaps
{
    private const int Lattice = 16;

    private static readonly double[][] Mixing = [[1, 0.4, 0.1], [0.4, 0.8, 0.3], [0.1, 0.3, 0.6]];

    public static IEnumerable<FixedPointProblem> All =>
    [
        // u = r u (1 - u): 0 and 1 - 1 / r, which repels beyond r = 3.
        new()
        {
            Name = "logistic",
            Title = "Logistic map",
            Source = "May 1976",
            Function = Logistic,
            Start = [0.4],
            Parameters = [[0.8], [1.5], [2.8], [3.3], [3.9]],
            Error = (q, u) => Nearest(u[0], 0, 1 - (1 / q[0])),
        },

        // The map twice: besides its fixed points the two of the cycle that attracts up to r = 3.449.
        new()
        {
            Name = "logistic-twice",
            Title = "Logistic map, twice",
            Source = "May 1976",
            Function = (u, q) => Logistic(Logistic(u, q), q),
            Start = [0.4],
            Parameters = [[3.1], [3.3], [3.5], [3.9]],
            Error = (q, u) => Nearest(u[0], 0, 1 - (1 / q[0]), Cycle(q[0], 1), Cycle(q[0], -1)),
        },

        // u + O - K / (2 pi) sin(2 pi u): at rest where the sine is 2 pi O / K, once rising and once falling in every turn.
        new()
        {
            Name = "circle",
            Title = "Circle map, locked",
            Source = "Arnold 1961",
            Function = (u, q) => u + q.narrow(1, 0, 1) - (u * (2 * Math.PI)).sin() * q.narrow(1, 1, 1) / (2 * Math.PI),
            Start = [0.3],
            Parameters = [[0.05, 0.9], [0.1, 0.9], [0.14, 0.9], [0.3, 2.5]],
            Error = CircleError,
        },

        // Sixteen logistic maps on a ring, each mixed with its two neighbours. All alike, they rest where one does.
        new()
        {
            Name = "coupled-logistic",
            Title = "A ring of logistic maps",
            Source = "Kaneko 1984",
            Function = CoupledLogistic,
            Start = [.. Enumerable.Range(0, Lattice).Select(i => 0.6 + (0.1 * Math.Sin(i + 1)))],
            Parameters = [[2.8, 0.4], [3.2, 0.4], [3.8, 0.4]],
            Error = (q, u) => new[] { 0, 1 - (1 / q[0]) }.Min(rest => u.Max(x => Math.Abs(x - rest))),
        },

        // (1 - a x^2 + y, b x), with a = 0.2 at rest, with a = 1.4 chaotic.
        new()
        {
            Name = "henon",
            Title = "Henon's map",
            Source = "Henon 1976",
            Function = (u, q) => cat([1 - q * u.narrow(1, 0, 1).square() + u.narrow(1, 1, 1), u.narrow(1, 0, 1) * 0.3], 1),
            Start = [0, 0],
            Parameters = [[0.2], [0.8], [1.4]],
            Error = (q, u) => new[] { -1, 1 }.Min(sign =>
            {
                double x = (-0.7 + (sign * Math.Sqrt(0.49 + (4 * q[0])))) / (2 * q[0]);
                return FixedPointProblem.Distance(u, [x, 0.3 * x]);
            }),
        },

        // Shares of three groups that an epidemic reaches in the end, 1 - exp(-q M u): none, or the ones that plain iteration from 1 finds.
        new()
        {
            Name = "final-size",
            Title = "Final size of an epidemic",
            Source = "Kermack, McKendrick 1927",
            Function = (u, q) => 1 - (-q * u.mm(tensor([.. Mixing.SelectMany(row => row)], u.dtype, u.device).reshape(3, 3))).exp(),
            Start = [0.5, 0.5, 0.5],
            Parameters = [[0.9], [1.5], [4]],
            Error = (q, u) => Math.Min(
                u.Max(Math.Abs), FixedPointProblem.Distance(u, PlainArithmetic.Iterate(v => Reached(v, q[0]), [1, 1, 1]))),
        },
    ];

    private static double Nearest(double found, params double[] roots) => roots.Min(root => Math.Abs(found - root));

    private static Tensor Logistic(Tensor u, Tensor r) => r * u * (1 - u);

    private static double Cycle(double r, int sign) => (r + 1 + (sign * Math.Sqrt((r - 3) * (r + 1)))) / (2 * r);

    private static double CircleError(double[] q, double[] u)
    {
        double rising = Math.Asin(2 * Math.PI * q[0] / q[1]) / (2 * Math.PI);
        return new[] { rising, 0.5 - rising }.Min(rest => Math.Abs(Math.IEEERemainder(u[0] - rest, 1)));
    }

    private static Tensor CoupledLogistic(Tensor u, Tensor q)
    {
        Tensor mapped = Logistic(u, q.narrow(1, 0, 1));
        Tensor mixed = (mapped.roll(1, 1) + mapped.roll(-1, 1)) / 2;
        return mapped + (mixed - mapped) * q.narrow(1, 1, 1);
    }

    private static double[] Reached(double[] v, double scale) =>
        [.. Mixing.Select(row => 1 - Math.Exp(-scale * row.Zip(v, (mixing, share) => mixing * share).Sum()))];
}
