using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Flows;

/// <summary>A family of fields, each told twice: in torch's operations for the library, in plain C# for the referee.</summary>
/// <param name="Name">What findings call it.</param>
/// <param name="Input">Draws q for a state of n numbers.</param>
/// <param name="Torch">From t: [batch, 1], u: [batch, n] and q: [batch, k] to u'.</param>
/// <param name="Plain">The same by other means.</param>
internal sealed record FieldFamily(
    string Name, Func<Random, int, double[]> Input, Func<Tensor, Tensor, Tensor, Tensor> Torch, PlainField Plain)
{
    /// <summary>
    /// Fields of a few lines each. All are smooth: where a derivative jumps just after a step has begun, the estimates of Tsit5 and Dopri5
    /// see 1 / 54 and 1 / 74 of the error (their first weights in it, over those of the state), and ends may be 1,000 tolerances off.
    /// </summary>
    public static readonly IReadOnlyList<FieldFamily> All =
    [
        Elementwise("decay", 0.1, 10, (_, u, a) => -a * u, (_, u, a) => -a * u) with { IsLinear = true },
        Elementwise("growth", 0.1, 1.5, (_, u, a) => a * u, (_, u, a) => a * u) with { IsLinear = true },
        Elementwise("wave of a rate", 0.5, 8, (t, u, a) => u * (a * t).cos(), (t, u, a) => u * Math.Cos(a * t)) with { IsLinear = true },
        Elementwise("logistic", 0.2, 3, (_, u, a) => a * u * (1 - u), (_, u, a) => a * u * (1 - u)) with { IsPositive = true },
        Elementwise("wave", 1, 30, (t, u, a) => (a * (a * t).cos()) + (u * 0), (t, _, a) => a * Math.Cos(a * t)),
        Elementwise("pull", 1, 300,
            (t, u, a) => (a * (t.cos() - u)) - t.sin(), (t, u, a) => (a * (Math.Cos(t) - u)) - Math.Sin(t)),
        Elementwise("slow to fast", 0.1, 2, (t, u, a) => -u * (a * t).exp(), (t, u, a) => -u * Math.Exp(a * t)) with { IsLinear = true },
        Elementwise("saturating", -3, 3, (_, u, a) => a / (1 + u.square()), (_, u, a) => a / (1 + (u * u))),
        Elementwise("cubic", -2, 2, (t, u, a) => a - (u * u * u) + t.sin(), (t, u, a) => a - (u * u * u) + Math.Sin(t)),

        // With poles, within the time or beyond it.
        Elementwise("square", -2, 2, (_, u, a) => a * u * u, (_, u, a) => a * u * u),
        Elementwise("tangent", -1, 1.5, (_, u, a) => a + (u * u), (_, u, a) => a + (u * u)),
        Elementwise("exponential", -1, 1, (_, u, a) => (a * u).exp(), (_, u, a) => Math.Exp(a * u)),

        new("oscillator", (random, _) => [random.Between(0.5, 20)],
            (_, u, q) => stack([u[.., 1] * q[.., 0], -u[.., 0] * q[.., 0]], 1),
            (_, u, q, d) => (d[0], d[1]) = (u[1] * q[0], -u[0] * q[0])) { Size = 2, IsLinear = true },
        new("pendulum", (random, _) => [random.Between(0, 2), random.Between(0, 0.5)],
            (t, u, q) => stack([u[.., 1], -u[.., 0].sin() - (q[.., 1] * u[.., 1]) + (q[.., 0] * t[.., 0].cos())], 1),
            (t, u, q, d) => (d[0], d[1]) = (u[1], -Math.Sin(u[0]) - (q[1] * u[1]) + (q[0] * Math.Cos(t)))) { Size = 2 },
        new("Van der Pol", (random, _) => [random.Between(0.1, 10)],
            (_, u, q) => stack([u[.., 1], ((1 - u[.., 0].square()) * u[.., 1] * q[.., 0]) - u[.., 0]], 1),
            (_, u, q, d) => (d[0], d[1]) = (u[1], ((1 - (u[0] * u[0])) * u[1] * q[0]) - u[0])) { Size = 2 },
        new("Lotka-Volterra", (random, _) => [random.Between(0.5, 2), random.Between(0.5, 3)],
            (_, u, q) => stack([u[.., 0] * (q[.., 0] - u[.., 1]), u[.., 1] * (u[.., 0] - q[.., 1])], 1),
            (_, u, q, d) => (d[0], d[1]) = (u[0] * (q[0] - u[1]), u[1] * (u[0] - q[1]))) { Size = 2, IsPositive = true },
        new("Lorenz", (random, _) => [random.Between(5, 28)],
            (_, u, q) => stack(
                [(u[.., 1] - u[.., 0]) * 10, (u[.., 0] * (q[.., 0] - u[.., 2])) - u[.., 1], (u[.., 0] * u[.., 1]) - (u[.., 2] * 2.5)], 1),
            (_, u, q, d) => (d[0], d[1], d[2]) = ((u[1] - u[0]) * 10, (u[0] * (q[0] - u[2])) - u[1], (u[0] * u[1]) - (u[2] * 2.5)))
        { Size = 3, Longest = 2 },
        new("matrix", (random, n) => random.Numbers((n * n) + n, () => random.Normal() * 0.8),
            (_, u, q) => Product(u, q) + q[.., (int)(u.shape[1] * u.shape[1])..], (_, u, q, d) => Product(u, q, d, x => x)),
        new("network", (random, n) => random.Numbers((n * n) + n, () => random.Normal() * 2),
            (_, u, q) => (Product(u, q) + q[.., (int)(u.shape[1] * u.shape[1])..]).tanh(), (_, u, q, d) => Product(u, q, d, Math.Tanh)),
    ];

    /// <summary>Planted: the library is given a field that is a thousandth larger than the referee's.</summary>
    public static readonly FieldFamily Planted =
        Elementwise("planted", 0.1, 2, (_, u, a) => u * a * -1.001, (_, u, a) => -a * u);

    /// <summary>Numbers of a state; default: any.</summary>
    public int? Size { get; init; }

    /// <summary>Whether u may be of any scale.</summary>
    public bool IsLinear { get; init; }

    /// <summary>Whether starts are above 0.</summary>
    public bool IsPositive { get; init; }

    /// <summary>The longest time.</summary>
    public double Longest { get; init; } = 6;

    private static FieldFamily Elementwise(
        string name, double low, double high, Func<Tensor, Tensor, Tensor, Tensor> torch, Func<double, double, double, double> plain) => new(
        name, (random, n) => random.Numbers(n, () => random.Between(low, high)), torch,
        (t, u, q, derivative) =>
        {
            for (int i = 0; i < u.Length; i++)
            {
                derivative[i] = plain(t, u[i], q[i]);
            }
        });

    private static Tensor Product(Tensor u, Tensor q)
    {
        long n = u.shape[1];
        return q.narrow(1, 0, n * n).reshape(-1, n, n).bmm(u.unsqueeze(2)).squeeze(2);
    }

    private static void Product(ReadOnlySpan<double> u, ReadOnlySpan<double> q, Span<double> derivative, Func<double, double> activation)
    {
        int n = u.Length;
        for (int row = 0; row < n; row++)
        {
            double sum = q[(n * n) + row];
            for (int column = 0; column < n; column++)
            {
                sum += q[(row * n) + column] * u[column];
            }

            derivative[row] = activation(sum);
        }
    }
}
