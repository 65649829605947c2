using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>
/// More of the collection of More, Garbow and Hillstrom: what completes its systems of equations, where four of them (and Beale
/// and Bard) are sums of squares whose halved gradient is to vanish. alpha is about one over the largest eigenvalue of F' at the
/// solution.
/// </summary>
internal static class MoreGarbowHillstromMinima
{
    private const int WatsonSize = 6;
    private const int VariableSize = 10;

    private static readonly double[][] WoodPoints =
    [
        [1, 1, 1, 1], [-0.96797402, 0.94713914, -0.96951631, 0.95124767], [-0.03125102, 0.16597139, -0.03125817, 0.18426393],
    ];

    private static readonly double[] BealeData = [1.5, 2.25, 2.625];
    private static readonly double[] BardData = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39];

    public static IEnumerable<FixedPointProblem> All =>
    [
        // A stationary point besides the minimum: (0, 1), where all three terms are stationary in both variables.
        Problem("beale", "Beale, gradient", "5 (Beale 1958)", 0.02, Beale, [1, 1]) with
        {
            Error = (_, u) => Math.Min(FixedPointProblem.Distance(u, [3, 0.5]), FixedPointProblem.Distance(u, [0, 1])),
        },

        // The least sum of squares is 8.21487e-3.
        Problem("bard", "Bard, gradient", "8 (Bard 1970)", 0.05, Bard, [1, 1, 1]) with
        {
            Error = (_, u) => Math.Abs(BardSum(u) - 8.21487e-3),
            ErrorTolerance = 1e-8,
        },

        // Besides the minimum a saddle and a point between two valleys, to the digits that rounding leaves.
        Problem("wood", "Wood, gradient", "14 (Colville 1968)", 0.002, Wood, [-3, -1, -3, -1]) with
        {
            Error = (_, u) => WoodPoints.Min(point => FixedPointProblem.Distance(u, point)),
        },

        // Of six variables: the least sum of squares is 2.28767e-3.
        Problem("watson", "Watson, gradient", "20 (Kowalik, Osborne 1968)", 0.005, Watson, new double[WatsonSize]) with
        {
            Error = (_, u) => Math.Abs(WatsonSum(u) - 2.28767e-3),
            ErrorTolerance = 1e-8,
        },
        Problem("extended-rosenbrock", "Rosenbrock, extended", "21 (Spedicato 1975)", -0.05, ExtendedRosenbrock,
            [.. Enumerable.Range(0, VariableSize).Select(i => i % 2 == 0 ? -1.2 : 1)]) with
        {
            Error = (_, u) => u.Max(x => Math.Abs(x - 1)),
        },
        Problem("variably-dimensioned", "Variably dimensioned", "25", 0.0026, VariablyDimensioned,
            [.. Enumerable.Range(1, VariableSize).Select(i => 1 - (i / (double)VariableSize))]) with
        {
            Error = (_, u) => u.Max(x => Math.Abs(x - 1)),
        },

        // The points of Chebyshev's quadrature with equal weights, in any order (Abramowitz, Stegun 1964, table 25.5).
        Chebyquad("chebyquad", "Chebyquad, seven points", [0, 0.3239118105, 0.5296567753, 0.8838617008]),
        Chebyquad("chebyquad-nine", "Chebyquad, nine points", [0, 0.1679061842, 0.5287617831, 0.6010186554, 0.9115893077]),
    ];

    private static FixedPointProblem Problem(
        string name, string title, string number, double alpha, Func<Tensor, Tensor, Tensor> function, double[] start) =>
        FixedPointProblem.Root(name, title, $"More, Garbow, Hillstrom 1981, number {number}", alpha, function, start);

    private static FixedPointProblem Chebyquad(string name, string title, double[] half)
    {
        double[] nodes = [.. half.Skip(1).Reverse().Select(x => -x), .. half];
        double[] points = [.. nodes.Select(x => (1 + x) / 2)];
        double[] start = [.. Enumerable.Range(1, nodes.Length).Select(i => i / (nodes.Length + 1.0))];
        return Problem(name, title, "35 (Fletcher 1965)", 0.1, ChebyshevMeans, start) with
        {
            Error = (_, u) => FixedPointProblem.Distance([.. u.Order()], points),
        };
    }

    private static Tensor Beale(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        Tensor first = zeros_like(x[0]);
        Tensor second = zeros_like(x[0]);
        foreach ((int index, double value) in BealeData.Index())
        {
            Tensor rest = value - x[0] * (1 - x[1].pow(index + 1));
            first -= rest * (1 - x[1].pow(index + 1));
            second += rest * x[0] * (index + 1) * x[1].pow(index);
        }

        return stack([first, second], 1);
    }

    private static Tensor Bard(Tensor u, Tensor q)
    {
        Tensor numbers = arange(1, 16, dtype: u.dtype, device: u.device);
        Tensor down = 16 - numbers;
        Tensor least = minimum(numbers, down);
        Tensor below = u.narrow(1, 1, 1) * down + u.narrow(1, 2, 1) * least;
        Tensor rest = tensor(BardData, u.dtype, u.device) - u.narrow(1, 0, 1) - numbers / below;
        Tensor slope = rest * numbers / below.square();
        return stack([-rest.sum(1), (slope * down).sum(1), (slope * least).sum(1)], 1);
    }

    private static double BardSum(double[] x) => BardData.Select(
        (y, i) => Math.Pow(y - x[0] - ((i + 1) / ((x[1] * (15 - i)) + (x[2] * Math.Min(i + 1, 15 - i)))), 2)).Sum();

    private static Tensor Wood(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        Tensor first = x[0].square() - x[1];
        Tensor second = x[2].square() - x[3];
        Tensor both = (x[1] + x[3] - 2) * 9.9;
        return stack(
            [
                x[0] * first * 200 + x[0] - 1,
                first * -100 + (x[1] - 1) * 0.2 + both,
                x[2] * second * 180 + x[2] - 1,
                second * -90 + (x[3] - 1) * 0.2 + both,
            ],
            1);
    }

    private static Tensor Watson(Tensor u, Tensor q)
    {
        Tensor t = arange(1, 30, dtype: u.dtype, device: u.device).unsqueeze(1) / 29;
        Tensor powers = t.pow(arange(WatsonSize, dtype: u.dtype, device: u.device));
        Tensor slopes = cat(
            [zeros_like(t), powers.narrow(1, 0, WatsonSize - 1) * arange(1, WatsonSize, dtype: u.dtype, device: u.device)], 1);
        Tensor value = u.mm(powers.t());
        Tensor rest = u.mm(slopes.t()) - value.square() - 1;
        Tensor first = u.narrow(1, 0, 1);
        Tensor last = u.narrow(1, 1, 1) - first.square() - 1;
        Tensor ends = cat([first - first * last * 2, last, zeros_like(u.narrow(1, 2, WatsonSize - 2))], 1);
        return rest.mm(slopes) - (rest * value).mm(powers) * 2 + ends;
    }

    private static double WatsonSum(double[] x)
    {
        double sum = (x[0] * x[0]) + Math.Pow(x[1] - (x[0] * x[0]) - 1, 2);
        for (int i = 1; i < 30; i++)
        {
            double t = i / 29.0;
            double value = x.Select((c, j) => c * Math.Pow(t, j)).Sum();
            sum += Math.Pow(x.Skip(1).Select((c, j) => (j + 1) * c * Math.Pow(t, j)).Sum() - (value * value) - 1, 2);
        }

        return sum;
    }

    private static Tensor ExtendedRosenbrock(Tensor u, Tensor q)
    {
        Tensor pairs = u.reshape(-1, VariableSize / 2, 2);
        Tensor first = pairs.select(2, 0);
        return stack([(pairs.select(2, 1) - first.square()) * 10, 1 - first], 2).reshape(-1, VariableSize);
    }

    private static Tensor VariablyDimensioned(Tensor u, Tensor q)
    {
        Tensor number = arange(1, VariableSize + 1, dtype: u.dtype, device: u.device);
        Tensor sum = ((u - 1) * number).sum(1, keepdim: true);
        return u - 1 + number * sum * (1 + sum.square() * 2);
    }

    /// <summary>The mean of each of the shifted Chebyshev polynomials over the points, less its integral.</summary>
    private static Tensor ChebyshevMeans(Tensor u, Tensor q)
    {
        Tensor x = u * 2 - 1;
        (Tensor before, Tensor polynomial) = (ones_like(x), x);
        List<Tensor> means = [];
        for (int degree = 1; degree <= u.shape[1]; degree++)
        {
            means.Add(polynomial.mean([1]) + (degree % 2 == 0 ? 1.0 / (degree * degree - 1) : 0));
            (before, polynomial) = (polynomial, x * polynomial * 2 - before);
        }

        return stack([.. means], 1);
    }
}
