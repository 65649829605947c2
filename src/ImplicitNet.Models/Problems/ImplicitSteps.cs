using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>Steps of implicit integrators on stiff equations and on a rotating body: the parameter is the step, or the stiffness.</summary>
internal static class ImplicitSteps
{
    private const double StageWidth = 0.1;
    private const double StageStart = 1.5;

    private static readonly double[] HiresStart = [1, 0, 0, 0, 0, 0, 0, 0.0057];
    private static readonly double[] Inertia = [1, 2, 3];
    private static readonly double[] Momentum = [0.8, 0.6, -0.5];

    // The two-stage Radau IIA method of order 3.
    private static readonly double[] RadauTimes = [1.0 / 3, 1];
    private static readonly double[][] Radau = [[5.0 / 12, -1.0 / 12], [0.75, 0.25]];

    public static IEnumerable<FixedPointProblem> All =>
    [
        // From (1, 2, 3): of a solution the third follows from the first, and the second from both, by linear equations.
        new()
        {
            Name = "oregonator",
            Title = "Oregonator, implicit Euler step",
            Source = "Field, Noyes 1974; Hairer, Wanner 1996, IV.10",
            Function = Oregonator,
            Start = [1, 2, 3],
            Parameters = [[1e-4], [1e-2], [1]],
            Error = OregonatorError,
        },

        // The last two of eight sum to what they begin with, and the second follows from the first; there are solutions with
        // negative amounts.
        new()
        {
            Name = "hires",
            Title = "High irradiance response, implicit Euler step",
            Source = "Schaefer 1975; Hairer, Wanner 1996, IV.10",
            Function = Hires,
            Start = HiresStart,
            Parameters = [[0.01], [1], [10]],
            Error = (q, u) => Math.Max(Math.Abs(u[6] + u[7] - 0.0057), Math.Abs(u[1] - (1.71 * q[0] * u[0] / (1 + (8.75 * q[0]))))),
        },

        // y' = lambda (y - cos t) - sin t from 1.5, step 0.1: both stages, a linear system.
        new()
        {
            Name = "prothero-robinson",
            Title = "Stages of a Radau step, linear and stiff",
            Source = "Prothero, Robinson 1974",
            Function = ProtheroRobinson,
            Start = [StageStart, StageStart],
            Parameters = [[-1], [-100], [-1e4]],
            Error = (q, u) => FixedPointProblem.Distance(u, StageSolution(q[0])),
        },

        // Half a step of the implicit midpoint rule, which keeps both the length of the angular momentum and the energy.
        new()
        {
            Name = "rigid-body",
            Title = "A rotating body, implicit midpoint step",
            Source = "Euler 1765; Hairer, Lubich, Wanner 2006, IV.1",
            Function = RigidBody,
            Start = Momentum,
            Parameters = [[0.1], [2], [10]],
            Error = RigidBodyError,
        },
    ];

    private static Tensor Oregonator(Tensor u, Tensor q)
    {
        Tensor[] y = Columns.Of(u);
        Tensor h = q.select(1, 0);
        return stack(
            [
                1 + h * 77.27 * (y[1] + y[0] * (1 - y[0] * 8.375e-6 - y[1])),
                2 + h * (y[2] - (1 + y[0]) * y[1]) / 77.27,
                3 + h * 0.161 * (y[0] - y[2]),
            ],
            1);
    }

    private static double OregonatorError(double[] q, double[] u)
    {
        double h = q[0];
        double third = (3 + (h * 0.161 * u[0])) / (1 + (h * 0.161));
        double second = (2 + (h * third / 77.27)) / (1 + (h * (1 + u[0]) / 77.27));
        double first = u[0] - 1 - (h * 77.27 * (second + (u[0] * (1 - (8.375e-6 * u[0]) - second))));
        return new[] { u[2] - third, u[1] - second, first }.Max(Math.Abs) / (1 + Math.Abs(u[0]));
    }

    private static Tensor Hires(Tensor u, Tensor q)
    {
        Tensor[] y = Columns.Of(u);
        Tensor taken = y[5] * y[7] * 280;
        Tensor last = taken - y[6] * 1.81;
        Tensor[] slopes =
        [
            y[0] * -1.71 + y[1] * 0.43 + y[2] * 8.32 + 0.0007,
            y[0] * 1.71 - y[1] * 8.75,
            y[2] * -10.03 + y[3] * 0.43 + y[4] * 0.035,
            y[1] * 8.32 + y[2] * 1.71 - y[3] * 1.12,
            y[4] * -1.745 + (y[5] + y[6]) * 0.43,
            -taken + y[3] * 0.69 + y[4] * 1.71 - y[5] * 0.43 + y[6] * 0.69,
            last,
            -last,
        ];
        return tensor(HiresStart, u.dtype, u.device) + q * stack(slopes, 1);
    }

    private static Tensor ProtheroRobinson(Tensor u, Tensor q)
    {
        Tensor cosines = tensor([.. RadauTimes.Select(c => Math.Cos(c * StageWidth))], u.dtype, u.device);
        Tensor sines = tensor([.. RadauTimes.Select(c => Math.Sin(c * StageWidth))], u.dtype, u.device);
        Tensor weights = tensor([.. Radau.SelectMany(row => row)], u.dtype, u.device).reshape(2, 2);
        return StageStart + ((u - cosines) * q - sines).mm(weights.t()) * StageWidth;
    }

    private static double[] StageSolution(double stiffness) => PlainArithmetic.Eliminate(
        (row, column) => (row == column ? 1 : 0) - (StageWidth * stiffness * Radau[row][column]),
        [
            .. Radau.Select(row => StageStart - (StageWidth * row.Zip(RadauTimes, (weight, c) =>
                weight * ((stiffness * Math.Cos(c * StageWidth)) + Math.Sin(c * StageWidth))).Sum())),
        ]);

    private static Tensor RigidBody(Tensor u, Tensor q)
    {
        Tensor[] m = Columns.Of(u);
        Tensor[] w = [.. m.Zip(Inertia, (momentum, inertia) => momentum / inertia)];
        Tensor turned = stack([m[1] * w[2] - m[2] * w[1], m[2] * w[0] - m[0] * w[2], m[0] * w[1] - m[1] * w[0]], 1);
        return tensor(Momentum, u.dtype, u.device) + turned * q / 2;
    }

    private static double RigidBodyError(double[] q, double[] u)
    {
        double[] after = [.. u.Zip(Momentum, (middle, before) => (2 * middle) - before)];
        double Length(double[] m) => m.Sum(x => x * x);
        double Energy(double[] m) => m.Zip(Inertia, (x, inertia) => x * x / inertia).Sum();

        return Math.Max(Math.Abs(Length(after) - Length(Momentum)), Math.Abs(Energy(after) - Energy(Momentum)));
    }
}
