using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>Equations of physics and engineering, and steps of implicit integrators: a parameter for every sample.</summary>
internal static class EquationsOfPhysics
{
    private const int HeatPoints = 40;
    private const int BratuPoints = 30;
    private const int BratuSide = 8;
    private const int AnglePoints = 50;

    private static readonly double[] Eccentricities = [0.01, 0.3, 0.6, 0.9, 0.99];
    private static readonly double[] MeanAnomalies = [0.05, 1, 2, 3];

    public static IEnumerable<FixedPointProblem> All =>
    [
        // E = M + e sin E contracts by e.
        new()
        {
            Name = "kepler",
            Title = "Kepler's equation",
            Source = "Kepler 1609",
            Function = (u, q) => q.narrow(1, 1, 1) + q.narrow(1, 0, 1) * u.sin(),
            Start = [1],
            Parameters = [.. Eccentricities.SelectMany(_ => MeanAnomalies, (e, m) => new[] { e, m })],
            Error = (q, u) => FixedPointProblem.RelativeDistance(u, [Bisection.Root(x => x - (q[0] * Math.Sin(x)) - q[1], 0, 10)]),
        },

        // x = 1 / sqrt(f) for relative roughness and Reynolds number.
        new()
        {
            Name = "colebrook",
            Title = "Colebrook's friction factor",
            Source = "Colebrook 1939",
            Function = (u, q) => (q.narrow(1, 0, 1) / 3.7 + u * 2.51 / q.narrow(1, 1, 1)).log10() * -2,
            Start = [5],
            Parameters = [[1e-6, 1e4], [1e-3, 1e5], [0.05, 1e7], [0, 4e3]],
            Error = (q, u) => FixedPointProblem.RelativeDistance(
                u, [Bisection.Root(x => x + (2 * Math.Log10((q[0] / 3.7) + (2.51 * x / q[1]))), 0.1, 100)]),
        },

        // H = 1 / (1 - c / 2 integral of mu H(nu) / (mu + nu)) by the midpoint rule. Its mean is (2 / c)(1 - sqrt(1 - c)), exactly
        // so after discretization too: add the equation to itself with mu and nu exchanged. There is a second solution, with
        // plus for minus, which at c = 0.9999 lies 0.04 away; it is a fixed point as good as the first.
        new()
        {
            Name = "chandrasekhar",
            Title = "Chandrasekhar's H-equation",
            Source = "Chandrasekhar 1960; Kelley 1995, section 5.6",
            Function = Chandrasekhar,
            Start = [.. Enumerable.Repeat(1.0, AnglePoints)],
            Parameters = [[0.5], [0.9], [0.99], [0.9999]],
            Error = (q, u) => new[] { -1, 1 }.Min(sign => Math.Abs(u.Average() - (2 / q[0] * (1 + (sign * Math.Sqrt(1 - q[0])))))),
        },

        // -u'' = lambda exp(u) on [0, 1], zero at both ends, below the critical 3.51; alpha 0.45 of a Jacobi sweep.
        FixedPointProblem.Root("bratu", "Bratu on an interval", "Bratu 1914; Doedel 1981", 0.45, Bratu,
            [.. Enumerable.Repeat(0.0, BratuPoints)]) with
        {
            Parameters = [[0.5], [1], [2], [3]],
            Error = BratuError,
            ErrorTolerance = 1e-5,
        },

        // On the unit square, below the critical 6.81, as an image of one channel.
        FixedPointProblem.Root(
            "bratu-square", "Bratu on a square, as an image", "Bratu 1914; Glowinski, Keller, "
                + "Reinhart 1985", 0.2, BratuOnSquare, [.. Enumerable.Repeat(0.0, BratuSide * BratuSide)]) with
        {
            Parameters = [[1], [4], [6]],
            SampleShape = [1, BratuSide, BratuSide],
        },

        // u = u0 + r / 2 (D u + D u0): Picard converges for r below 1/2.
        new()
        {
            Name = "heat",
            Title = "Heat equation, Crank-Nicolson step",
            Source = "Crank, Nicolson 1947",
            Function = CrankNicolson,
            Start = HeatStart(),
            Parameters = [[0.1], [0.45], [1], [5]],
            Error = (q, u) => FixedPointProblem.RelativeDistance(u, CrankNicolsonSolution(q[0])),
        },

        // y = y0 + h f(y) at y0 = (1, 0, 0); the three add to one.
        new()
        {
            Name = "robertson",
            Title = "Robertson's reaction, implicit Euler step",
            Source = "Robertson 1966; Hairer, Wanner 1996, eq. IV.1.4",
            Function = Robertson,
            Start = [1, 0, 0],
            Parameters = [[1e-4], [1e-2], [1], [40]],
            Error = (_, u) => Math.Abs(u.Sum() - 1),
        },

        // y1' = y2, y2' = mu (1 - y1^2) y2 - y1 from (2, 0), step 0.1: the second equation is linear given y1 ~ 2.
        new()
        {
            Name = "van-der-pol",
            Title = "Van der Pol's oscillator, implicit Euler step",
            Source = "van der Pol 1926; Hairer, Wanner 1996, section IV.1",
            Function = VanDerPol,
            Start = [2, 0],
            Parameters = [[1], [10], [100], [1000]],
            Error = (_, u) => Math.Abs(u[0] - 2 - (0.1 * u[1])),
        },
    ];

    private static Tensor Chandrasekhar(Tensor u, Tensor q)
    {
        Tensor mu = (arange(AnglePoints, dtype: u.dtype, device: u.device) + 0.5) / AnglePoints;
        Tensor kernel = mu.unsqueeze(1) / (mu.unsqueeze(1) + mu.unsqueeze(0)) / (2 * AnglePoints);
        return 1 / (1 - q * u.mm(kernel.t()));
    }

    private static Tensor Bratu(Tensor u, Tensor q) =>
        u * 2 - Columns.Shifted(u, -1) - Columns.Shifted(u, 1) - q * u.exp() / Math.Pow(BratuPoints + 1, 2);

    private static Tensor BratuOnSquare(Tensor u, Tensor q)
    {
        Tensor stencil = tensor([0.0, -1, 0, -1, 4, -1, 0, -1, 0], u.dtype, u.device).reshape(1, 1, 3, 3);
        return nn.functional.conv2d(u, stencil, padding: [1, 1]) - q.reshape(-1, 1, 1, 1) * u.exp() / Math.Pow(BratuSide + 1, 2);
    }

    private static Tensor CrankNicolson(Tensor u, Tensor q)
    {
        Tensor start = tensor(HeatStart(), u.dtype, u.device).unsqueeze(0).expand_as(u);
        Tensor both = u + start;
        return start + (Columns.Shifted(both, -1) + Columns.Shifted(both, 1) - both * 2) * q / 2;
    }

    private static Tensor Robertson(Tensor u, Tensor q)
    {
        Tensor[] y = Columns.Of(u);
        Tensor h = q.select(1, 0);
        Tensor slow = y[0] * 0.04 - y[1] * y[2] * 1e4;
        Tensor fast = y[1].square() * 3e7;
        return stack([1 - h * slow, h * (slow - fast), h * fast], 1);
    }

    private static Tensor VanDerPol(Tensor u, Tensor q)
    {
        Tensor[] y = Columns.Of(u);
        return stack([2 + y[1] * 0.1, (q.select(1, 0) * (1 - y[0].square()) * y[1] - y[0]) * 0.1], 1);
    }

    /// <summary>
    /// In one dimension <c>exp(u) = theta^2 / (2 lambda) / cosh(theta (x - 1/2) / 2)^2</c>: the first integral
    /// <c>u'^2 / 2 + lambda exp(u)</c> is constant, to the order of the squared grid width; here its relative spread.
    /// </summary>
    private static double BratuError(double[] q, double[] u)
    {
        double h = 1.0 / (BratuPoints + 1);
        double[] energy =
        [
            .. Enumerable.Range(1, BratuPoints - 2).Select(
                i => (Math.Pow((u[i + 1] - u[i - 1]) / (2 * h), 2) / 2) + (q[0] * Math.Exp(u[i]))),
        ];
        return (energy.Max() - energy.Min()) / energy.Max() * 1e-3;
    }

    private static double[] HeatStart() =>
        [.. Enumerable.Range(1, HeatPoints).Select(i => Math.Sin(3 * Math.PI * i / (HeatPoints + 1)) + (i > HeatPoints / 2 ? 1 : 0))];

    /// <summary>(I - r/2 D) u = (I + r/2 D) u0 by elimination (Thomas).</summary>
    private static double[] CrankNicolsonSolution(double ratio)
    {
        double[] start = HeatStart();
        double At(int i) => i < 0 || i >= HeatPoints ? 0 : start[i];
        double[] right = [.. start.Select((value, i) => value + (ratio / 2 * (At(i - 1) + At(i + 1) - (2 * value))))];
        double[] diagonal = [.. Enumerable.Repeat(1 + ratio, HeatPoints)];
        for (int i = 1; i < HeatPoints; i++)
        {
            double factor = -ratio / 2 / diagonal[i - 1];
            diagonal[i] += factor * ratio / 2;
            right[i] -= factor * right[i - 1];
        }

        for (int i = HeatPoints - 1; i >= 0; i--)
        {
            right[i] = (right[i] + (i + 1 < HeatPoints ? ratio / 2 * right[i + 1] : 0)) / diagonal[i];
        }

        return right;
    }
}
