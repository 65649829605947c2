using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>
/// One layer of an implicit network with weights drawn once, u = tanh(q W u + b), W of spectral norm 1: for q below 1 a contraction,
/// beyond 1 anything.
/// </summary>
internal static class RandomNetworks
{
    private const int Size = 30;

    private static readonly double[] Drawn = DrawnNumbers.Uniform(Size * Size, 2021);
    private static readonly double[] Offset = DrawnNumbers.Uniform(Size, 2022);
    private static readonly double[] Weights = OfNormOne(Drawn);
    private static readonly double[] SkewWeights = OfNormOne(
        [.. Enumerable.Range(0, Size * Size).Select(k => Drawn[k] - Drawn[(k % Size * Size) + (k / Size)])]);

    public static IEnumerable<FixedPointProblem> All =>
    [
        Network("network", "A random network that contracts", "Wu Fung et al. 2022", Weights, [[0.5], [0.9], [0.99]]) with
        {
            Error = (q, u) => FixedPointProblem.Distance(u, PlainArithmetic.Iterate(v => Layer(v, q[0], Weights), new double[Size])),
        },

        // Nothing promises a solution or that there is one only: the error is the residual, in plain numbers.
        Network("network-beyond", "A random network beyond one", "Bai, Kolter, Koltun 2019", Weights, [[1.5], [3], [6]]) with
        {
            Error = (q, u) => FixedPointProblem.Distance(u, Layer(u, q[0], Weights)),
        },

        // W skew: one solution for every q, since artanh u - q W u is strictly monotone, and u (artanh u - b) sums to q u W u = 0.
        Network("network-skew", "A random network with skew weights", "Winston, Kolter 2020", SkewWeights, [[0.9], [3], [10]]) with
        {
            Error = (_, u) => Math.Abs(u.Zip(Offset, (x, b) => x * (Math.Atanh(x) - b)).Sum()),
        },
    ];

    private static FixedPointProblem Network(string name, string title, string source, double[] weights, double[][] norms) => new()
    {
        Name = name,
        Title = title,
        Source = source,
        Function = (u, q) =>
            (q * u.mm(tensor(weights, u.dtype, u.device).reshape(Size, Size).t()) + tensor(Offset, u.dtype, u.device)).tanh(),
        Start = new double[Size],
        Parameters = norms,
    };

    private static double[] Layer(double[] u, double norm, double[] weights) =>
        [.. Product(weights, u, transposed: false).Zip(Offset, (x, b) => Math.Tanh((norm * x) + b))];

    private static double[] Product(double[] weights, double[] u, bool transposed) =>
    [
        .. Enumerable.Range(0, Size).Select(
            row => u.Select((x, column) => x * weights[transposed ? (column * Size) + row : (row * Size) + column]).Sum()),
    ];

    /// <summary>Divided by the spectral norm, from 500 products with the matrix and its transpose.</summary>
    private static double[] OfNormOne(double[] matrix)
    {
        double[] direction = [.. Enumerable.Repeat(1 / Math.Sqrt(Size), Size)];
        double norm = 0;
        for (int iteration = 0; iteration < 500; iteration++)
        {
            double[] next = Product(matrix, Product(matrix, direction, transposed: false), transposed: true);
            double length = Math.Sqrt(next.Sum(x => x * x));
            norm = Math.Sqrt(length);
            direction = [.. next.Select(x => x / length)];
        }

        return [.. matrix.Select(x => x / norm)];
    }
}
