using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>Equations with an integral of the unknown function, by the midpoint rule, and one with derivatives in two directions.</summary>
internal static class IntegralEquations
{
    private const int Points = 20;
    private const int Side = 10;

    private static readonly double[] Nodes = [.. Enumerable.Range(0, Points).Select(i => (i + 0.5) / Points)];

    public static IEnumerable<FixedPointProblem> All =>
    [
        // u(t) = 1 + q t times the integral of s u(s)^2, so u = 1 + c t, where c solves a quadratic: two solutions up to q = 0.73.
        new()
        {
            Name = "hammerstein",
            Title = "A quadratic integral equation",
            Source = "Hammerstein 1930",
            Function = (u, q) =>
            {
                Tensor nodes = tensor(Nodes, u.dtype, u.device);
                return 1 + q * (u.square() * nodes).mean([1], keepdim: true) * nodes;
            },
            Start = [.. Enumerable.Repeat(1.0, Points)],
            Parameters = [[0.2], [0.5], [0.7]],
            Error = HammersteinError,
        },

        // The field of two discs at a distance q: u(x) = 1 + the integral of q u(y) / (q^2 + (x - y)^2) / pi over [-1, 1]. Linear.
        new()
        {
            Name = "love",
            Title = "Love's equation of a condenser",
            Source = "Love 1949",
            Function = (u, q) =>
            {
                Tensor nodes = tensor(Nodes, u.dtype, u.device) * 2 - 1;
                Tensor apart = (nodes.unsqueeze(1) - nodes.unsqueeze(0)).square();
                Tensor distance = q.unsqueeze(2);
                Tensor kernel = distance / (distance.square() + apart) * (2 / (Math.PI * Points));
                return 1 + kernel.bmm(u.unsqueeze(2)).squeeze(2);
            },
            Start = new double[Points],
            Parameters = [[1], [0.3]],
            Error = (q, u) => FixedPointProblem.Distance(u, LoveSolution(q[0])),
        },

        // -Laplacian(u) + q u (u_x + u_y) = g on the unit square by central differences; g is chosen so that the solution is known.
        FixedPointProblem.Root(
            "convection-diffusion", "Convection, as an image", "Kelley 1995, section 6.4", 0.2, ConvectionDiffusion,
            new double[Side * Side]) with
        {
            Parameters = [[1], [10], [20]],
            SampleShape = [1, Side, Side],
            Error = (_, u) => FixedPointProblem.Distance(u, ConvectedSolution()),
        },
    ];

    private static double HammersteinError(double[] q, double[] u)
    {
        (double first, double second, double third) = (Nodes.Average(), Nodes.Average(t => t * t), Nodes.Average(t => t * t * t));
        double half = 0.5 - (q[0] * second);
        double root = Math.Sqrt((half * half) - (q[0] * q[0] * first * third));
        return new[] { half - root, half + root }.Min(
            c => FixedPointProblem.Distance(u, [.. Nodes.Select(t => 1 + (c / (q[0] * third) * t))]));
    }

    private static double[] LoveSolution(double distance) => PlainArithmetic.Eliminate(
        (row, column) => (row == column ? 1 : 0)
            - (2 * distance / (Math.PI * Points * ((distance * distance) + Math.Pow(2 * (Nodes[row] - Nodes[column]), 2)))),
        [.. Enumerable.Repeat(1.0, Points)]);

    private static double[] ConvectedSolution() =>
    [
        .. from i in Enumerable.Range(1, Side) from j in Enumerable.Range(1, Side)
           let x = j / (Side + 1.0) let y = i / (Side + 1.0) select 10 * x * y * (1 - x) * (1 - y) * Math.Exp(Math.Pow(x, 4.5)),
    ];

    private static Tensor ConvectionDiffusion(Tensor u, Tensor q)
    {
        Tensor solution = tensor(ConvectedSolution(), u.dtype, u.device).reshape(1, 1, Side, Side);
        return Convected(u) - Convected(solution);

        Tensor Convected(Tensor v)
        {
            Tensor stencil = tensor([0.0, -1, 0, -1, 4, -1, 0, -1, 0], u.dtype, u.device).reshape(1, 1, 3, 3);
            Tensor slopes = tensor([0.0, -1, 0, -1, 0, 1, 0, 1, 0], u.dtype, u.device).reshape(1, 1, 3, 3);
            Tensor moved = v * nn.functional.conv2d(v, slopes, padding: [1, 1]) / (2.0 * (Side + 1));
            return nn.functional.conv2d(v, stencil, padding: [1, 1]) + q.reshape(-1, 1, 1, 1) * moved;
        }
    }
}
