using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

/// <summary>
/// The 25 problems of Hull, Enright, Fellen and Sedgwick (SIAM J. Numer. Anal. 9, 1972) from t = 0 to 20, with where they end: in closed
/// form where there is one, otherwise by extrapolation of Gragg's midpoint rule to order 16, in which two numbers of steps agree to 1e-11.
/// </summary>
/// <param name="Name">Its class and number.</param>
/// <param name="Start">u(0).</param>
/// <param name="End">u(20), or as many of its first numbers as are known.</param>
/// <param name="Field">From t: [batch] and u: [batch, n] to n columns.</param>
internal sealed record DetestProblem(string Name, double[] Start, double[] End, Func<Tensor, Tensor, Tensor[]> Field)
{
    public const double Time = 20;

    public static readonly IReadOnlyList<DetestProblem> All =
    [
        // A: single equations.
        new("A1", [1], [Math.Exp(-Time)], (_, u) => [-u[.., 0]]),
        new("A2", [1], [1 / Math.Sqrt(Time + 1)], (_, u) => [u[.., 0].pow(3) / -2]),
        new("A3", [1], [Math.Exp(Math.Sin(Time))], (t, u) => [u[.., 0] * t.cos()]),
        new("A4", [1], [20 / (1 + (19 * Math.Exp(-Time / 4)))], (_, u) => [u[.., 0] / 4 * (1 - (u[.., 0] / 20))]),
        new("A5", [4], [-0.788782668897], (t, u) => [(u[.., 0] - t) / (u[.., 0] + t)]),

        // B: small systems.
        new("B1", [1, 3], [0.676187600857, 0.186081609964],
            (_, u) => [2 * (u[.., 0] - (u[.., 0] * u[.., 1])), (u[.., 0] * u[.., 1]) - u[.., 1]]),
        new("B2", [2, 0, 1],
            [
                1 + (Math.Exp(-Time) / 2) + (Math.Exp(-3 * Time) / 2), 1 - Math.Exp(-3 * Time),
                1 - (Math.Exp(-Time) / 2) + (Math.Exp(-3 * Time) / 2),
            ],
            (_, u) => [u[.., 1] - u[.., 0], u[.., 0] - (2 * u[.., 1]) + u[.., 2], u[.., 1] - u[.., 2]]),
        new("B3", [1, 0, 0], [Math.Exp(-Time), 0.052572280220488, 0.947427717718393],
            (_, u) => [-u[.., 0], u[.., 0] - u[.., 1].square(), u[.., 1].square()]),
        new("B4", [3, 0, 0], [0.982695092801, 2.198447081696, 0.912945250728],
            (_, u) =>
            {
                Tensor radius = (u[.., 0].square() + u[.., 1].square()).sqrt(), height = u[.., 2] / radius;
                return [-u[.., 1] - (u[.., 0] * height), u[.., 0] - (u[.., 1] * height), u[.., 0] / radius];
            }),
        new("B5", [0, 1, 1], [-0.939657079873, -0.342117775400, 0.741412659620],
            (_, u) => [u[.., 1] * u[.., 2], -u[.., 0] * u[.., 2], -0.51 * u[.., 0] * u[.., 1]]),

        // C: moderate systems.
        new("C1", [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], Poisson(),
            (_, u) => [.. Enumerable.Range(0, 10).Select(i => i == 0 ? -u[.., 0] : i == 9 ? u[.., 8] : u[.., i - 1] - u[.., i])]),
        new("C2", [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], Births(),
            (_, u) => [.. Enumerable.Range(0, 10).Select(
                i => i == 0 ? -u[.., 0] : i == 9 ? 9 * u[.., 8] : (i * u[.., i - 1]) - ((i + 1) * u[.., i]))]),
        new("C3", [1, .. new double[9]], Heat(10), Diffusion),
        new("C4", [1, .. new double[50]], Heat(51), Diffusion),
        new("C5", OuterPlanets.Start, OuterPlanets.At20, OuterPlanets.Field),

        // D: orbits of eccentricity 0.1 to 0.9.
        Orbit("D1", 0.1),
        Orbit("D2", 0.3),
        Orbit("D3", 0.5),
        Orbit("D4", 0.7),
        Orbit("D5", 0.9),

        // E: equations of higher order.
        new("E1", [0.6713967071418030, 0.09540051444747446], [Bessel(Time + 1), -0.09883500196],
            (t, u) => [u[.., 1], -(u[.., 1] / (t + 1)) - ((1 - (0.25 / (t + 1).square())) * u[.., 0])]),
        new("E2", [2, 0], [2.008149762175, -0.042508875274],
            (_, u) => [u[.., 1], ((1 - u[.., 0].square()) * u[.., 1]) - u[.., 0]]),
        new("E3", [0, 0], [-0.100417885864, 0.241140013209],
            (t, u) => [u[.., 1], (u[.., 0].pow(3) / 6) - u[.., 0] + (2 * (2.78535 * t).sin())]),
        new("E4", [30, 0], [30 + (Math.Log(Math.Cosh(Time * Math.Sqrt(0.0128))) / 0.4), Math.Sqrt(0.08) * Math.Tanh(Time * Math.Sqrt(0.0128))],
            (_, u) => [u[.., 1], 0.032 - (0.4 * u[.., 1].square())]),
        new("E5", [0, 0], [(12.5 * Math.Log(5)) - 6, 2.4],
            (t, u) => [u[.., 1], (1 + u[.., 1].square()).sqrt() / (25 - t)]),
    ];

    public override string ToString() => Name;

    /// <summary>A path on which each step waits for an exponential time.</summary>
    private static double[] Poisson()
    {
        double[] ends = new double[10];
        ends[0] = Math.Exp(-Time);
        for (int i = 1; i < 9; i++)
        {
            ends[i] = ends[i - 1] * Time / i;
        }

        ends[9] = 1 - ends[..9].Sum();
        return ends;
    }

    /// <summary>Yule's process: i is left at a rate of i.</summary>
    private static double[] Births()
    {
        double[] ends = [.. Enumerable.Range(0, 9).Select(i => Math.Exp(-Time) * Math.Pow(1 - Math.Exp(-Time), i)), 0];
        ends[9] = 1 - ends[..9].Sum();
        return ends;
    }

    private static Tensor[] Diffusion(Tensor time, Tensor u)
    {
        int last = (int)u.shape[1] - 1;
        return [.. Enumerable.Range(0, last + 1).Select(
            i => (i == 0 ? 0 : u[.., i - 1]) - (2 * u[.., i]) + (i == last ? zeros_like(u[.., i]) : u[.., i + 1]))];
    }

    /// <summary>By the eigenvectors of the second difference, which are sines.</summary>
    private static double[] Heat(int size)
    {
        double angle = Math.PI / (size + 1);
        return [.. Enumerable.Range(1, size).Select(place => 2.0 / (size + 1) * Enumerable.Range(1, size).Sum(
            wave => Math.Sin(wave * angle) * Math.Sin(place * wave * angle) * Math.Exp((2 * Math.Cos(wave * angle) - 2) * Time)))];
    }

    /// <summary>J of order 1/2.</summary>
    private static double Bessel(double x) => Math.Sqrt(2 / (Math.PI * x)) * Math.Sin(x);

    private static DetestProblem Orbit(string name, double eccentricity)
    {
        // Kepler's equation by Newton's method.
        double anomaly = Time, minor = Math.Sqrt(1 - (eccentricity * eccentricity));
        for (int step = 0; step < 100; step++)
        {
            anomaly -= (anomaly - (eccentricity * Math.Sin(anomaly)) - Time) / (1 - (eccentricity * Math.Cos(anomaly)));
        }

        double radius = 1 - (eccentricity * Math.Cos(anomaly));
        return new DetestProblem(
            name, [1 - eccentricity, 0, 0, Math.Sqrt((1 + eccentricity) / (1 - eccentricity))],
            [
                Math.Cos(anomaly) - eccentricity, minor * Math.Sin(anomaly), -Math.Sin(anomaly) / radius,
                minor * Math.Cos(anomaly) / radius,
            ],
            (_, u) =>
            {
                Tensor cube = (u[.., 0].square() + u[.., 1].square()).pow(1.5);
                return [u[.., 2], u[.., 3], -u[.., 0] / cube, -u[.., 1] / cube];
            });
    }
}
