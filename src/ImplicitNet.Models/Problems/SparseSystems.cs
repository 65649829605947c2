using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>
/// Systems of any size whose equations hold few unknowns each, from the collections of La Cruz, Martinez and Raydan (2006) and of
/// Luksan and Vlcek (1999); here of twenty unknowns.
/// </summary>
internal static class SparseSystems
{
    private const int Size = 20;
    private const double Step = 1.0 / (Size + 1);

    public static IEnumerable<FixedPointProblem> All =>
    [
        // exp(x - 1) - x has a double root at 1: only the first equation has a slope there. The error is the root of the residual.
        Collected("exponential-singular", "Exponential function 1", 0.05, ExponentialSingular, Filled(Size / (Size - 1.0))) with
        {
            Error = (_, u) => FixedPointProblem.Distance(u, Filled(1)),
            ErrorTolerance = 1e-4,
        },
        Collected("exponential-chain", "Exponential function 2", 0.5, ExponentialChain, Filled(1.0 / (Size * Size))) with
        {
            Error = (_, u) => u.Max(Math.Abs),
        },
        Collected("trigexp", "Trigonometric and exponential", 0.06, Trigexp, Filled(0)) with
        {
            Error = (_, u) => FixedPointProblem.Distance(u, Filled(1)),
        },

        // x = exp(cos(h (sum of the neighbours and itself))): a contraction.
        Collected("cosine-exponential", "Exponential, three neighbours", 1, CosineExponential, Filled(1.5)) with
        {
            Error = (_, u) => FixedPointProblem.Distance(u, PlainArithmetic.Iterate(ExponentialOfNeighbours, Filled(1.5))),
        },

        // The squares of Broyden's tridiagonal equations: every root is one of theirs, and the Jacobian vanishes there.
        Collected("broyden-singular", "Broyden, tridiagonal, squared", 0.05, (u, q) => BroydenTridiagonal(u).square(), Filled(-1)) with
        {
            Error = (_, u) => u.Select((x, i) => Math.Abs((((3 - (2 * x)) * x) + 1)
                - (i > 0 ? u[i - 1] : 0) - (2 * (i + 1 < Size ? u[i + 1] : 0)))).Max(),
            ErrorTolerance = 1e-3,
        },
        Collected("chained-rosenbrock", "Tridiagonal system of Li", 0.03, ChainedRosenbrock, Filled(12)) with
        {
            Error = (_, u) => FixedPointProblem.Distance(u, Filled(1)),
        },
    ];

    private static FixedPointProblem Collected(
        string name, string title, double alpha, Func<Tensor, Tensor, Tensor> function, double[] start) =>
        FixedPointProblem.Root(name, title, "La Cruz, Martinez, Raydan 2006; Luksan, Vlcek 1999", alpha, function, start);

    private static double[] Filled(double value) => [.. Enumerable.Repeat(value, Size)];

    private static Tensor Numbers(Tensor u) => arange(1, Size + 1, dtype: u.dtype, device: u.device);

    private static Tensor Head(Tensor u) => u.narrow(1, 0, 1);

    private static Tensor Tail(Tensor u) => u.narrow(1, 1, Size - 1);

    private static Tensor ExponentialSingular(Tensor u, Tensor q)
    {
        Tensor power = (u - 1).exp();
        return cat([Head(power) - 1, Tail((power - u) * Numbers(u))], 1);
    }

    private static Tensor ExponentialChain(Tensor u, Tensor q) =>
        cat([Head(u).exp() - 1, Tail((u.exp() + Columns.Shifted(u, -1) - 1) * Numbers(u) / 10)], 1);

    private static Tensor Trigexp(Tensor u, Tensor q)
    {
        Tensor here = u.narrow(1, 0, Size - 1);
        Tensor next = Tail(u);
        Tensor waves = (here - next).sin() * (here + next).sin();
        Tensor pulls = here * (here - next).exp();
        Tensor first = Head(u).pow(3) * 3 + Head(next) * 2 - 5 + Head(waves);
        Tensor x = u.narrow(1, 1, Size - 2);
        Tensor middle = x * (4 + x.square() * 3) + u.narrow(1, 2, Size - 2) * 2 - 8
            + waves.narrow(1, 1, Size - 2) - pulls.narrow(1, 0, Size - 2);
        Tensor last = u.narrow(1, Size - 1, 1) * 4 - 3 - pulls.narrow(1, Size - 2, 1);
        return cat([first, middle, last], 1);
    }

    private static Tensor CosineExponential(Tensor u, Tensor q) =>
        u - ((u + Columns.Shifted(u, -1) + Columns.Shifted(u, 1)) * Step).cos().exp();

    private static double[] ExponentialOfNeighbours(double[] u) =>
        [.. u.Select((x, i) => Math.Exp(Math.Cos(Step * (x + (i > 0 ? u[i - 1] : 0) + (i + 1 < Size ? u[i + 1] : 0)))))];

    private static Tensor BroydenTridiagonal(Tensor u) =>
        (3 - u * 2) * u - Columns.Shifted(u, -1) - Columns.Shifted(u, 1) * 2 + 1;

    private static Tensor ChainedRosenbrock(Tensor u, Tensor q)
    {
        Tensor here = u.narrow(1, 0, Size - 1);
        Tensor next = Tail(u);
        Tensor none = zeros_like(Head(u));
        Tensor fromNext = cat([(here - next.square()) * 4, none], 1);
        Tensor fromLast = cat([none, next * (next.square() - here) * 8 - (1 - next) * 2], 1);
        return fromNext + fromLast;
    }
}
