using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Statuses;

/// <summary>Maps that treat every element by itself, <c>s f(u / s, a)</c>.</summary>
/// <param name="name">What findings call it.</param>
/// <param name="torch">f in torch's operations.</param>
/// <param name="plain">f in plain C#.</param>
internal sealed class ElementwiseMap(string name, Func<Tensor, Tensor, Tensor> torch, Func<double, double, double> plain) : MapFamily(name)
{
    /// <summary>Maps of one line each. Most have a parameter a, of its own for every element.</summary>
    public static readonly IReadOnlyList<MapFamily> All =
    [
        new ElementwiseMap("half", (u, a) => (u * 0.5) + a, (u, a) => (u * 0.5) + a),
        new ElementwiseMap("factor", (u, a) => (u * a) + 1, (u, a) => (u * a) + 1) { Low = -1.5, High = 1.5 },
        new ElementwiseMap("slow", (u, a) => (u * (1 - a)) + a, (u, a) => (u * (1 - a)) + a) { Low = 1e-6, High = 1e-2 },
        new ElementwiseMap("cosine", (u, a) => (u + a).cos(), (u, a) => Math.Cos(u + a)),
        new ElementwiseMap("tanh", (u, a) => (u * 0.9).tanh() + a, (u, a) => Math.Tanh(u * 0.9) + a),
        new ElementwiseMap("stiff",
            (u, a) => a - (u.tanh() * 100), (u, a) => a - (Math.Tanh(u) * 100)) { Size = (u, a) => 100 * Math.Abs(Math.Tanh(u)) },
        new ElementwiseMap("stiff line", (u, a) => a - (u * 1000), (u, a) => a - (u * 1000)) { Size = (u, _) => Math.Abs(u * 1000) },
        new ElementwiseMap("steep sine",
            (u, a) => (u * 50).sin() + a, (u, a) => Math.Sin(u * 50) + a) { Size = (u, a) => 1 + Math.Abs(50 * u) + Math.Abs(a) },
        new ElementwiseMap("square root", (u, a) => (u.abs() + 0.1).sqrt() + a, (u, a) => Math.Sqrt(Math.Abs(u) + 0.1) + a),
        new ElementwiseMap("cube root",
            (u, a) => (u * u).sqrt().pow(1.0 / 3) * u.sign() + a, (u, a) => (Math.Cbrt(Math.Abs(u)) * Math.Sign(u)) + a),
        new ElementwiseMap("cubic",
            (u, a) => u - ((u * u * u) + u - a), (u, a) => u - ((u * u * u) + u - a))
        { Size = (u, a) => Math.Abs(u * u * u) + Math.Abs(2 * u) },
        new ElementwiseMap("identity", (u, _) => u + 0, (u, _) => u),

        // Chaotic and periodic.
        new ElementwiseMap("logistic",
            (u, a) => a * u * (1 - u), (u, a) => a * u * (1 - u))
        { Low = 3.5, High = 4, Start = 0.5, Size = (u, a) => Math.Abs(a * u) * (1 + Math.Abs(u)) },
        new ElementwiseMap("tent", (u, a) => a * minimum(u, 1 - u), (u, a) => a * Math.Min(u, 1 - u)) { Low = 1.5, High = 2, Start = 0.5 },
        new ElementwiseMap("period 2", (u, a) => a - u, (u, a) => a - u) { Size = (u, a) => Math.Abs(a) + Math.Abs(u) },
        new ElementwiseMap("gauss",
            (u, a) => (u * u * -6).exp() - a, (u, a) => Math.Exp(u * u * -6) - a)
        { Low = 0.3, High = 0.7, Size = (u, a) => 1 + Math.Abs(a) },

        // Runaway: a fixed point that iterates leave, or a residual that only vanishes at infinity.
        new ElementwiseMap("arctan",
            (u, _) => u - u.arctan(), (u, _) => u - Math.Atan(u)) { Start = 4, Size = (u, _) => Math.Abs(u) + Math.Abs(Math.Atan(u)) },
        new ElementwiseMap("steep arctan",
            (u, a) => u - ((u - a) * 3).arctan(), (u, a) => u - Math.Atan((u - a) * 3))
        { Start = 4, Size = (u, a) => Math.Abs(u) + (3 * Math.Abs(a)) },
        new ElementwiseMap("logarithm",
            (u, _) => u - ((u.abs() + 1).log() * u.sign()), (u, _) => u - (Math.Log(Math.Abs(u) + 1) * Math.Sign(u)))
        { Start = 30, Size = (u, _) => 1 + Math.Abs(2 * u) },
        new ElementwiseMap("growing", (u, a) => (u * u * u) + a, (u, a) => (u * u * u) + a) { Start = 2 },
        new ElementwiseMap("fading", (u, _) => u + (-u).exp(), (u, _) => u + Math.Exp(-u)),
        new ElementwiseMap("fading bell", (u, _) => u + (1 / (1 + (u * u))), (u, _) => u + (1 / (1 + (u * u)))),
        new ElementwiseMap("barely growing", (u, a) => u * (1 + a), (u, a) => u * (1 + a)) { Low = 1e-5, High = 1e-2 },

        // Discontinuous.
        new ElementwiseMap("stairs", (u, a) => ((u * 3).floor() / 4) + a, (u, a) => (Math.Floor(u * 3) / 4) + a) { IsFlat = true },
        new ElementwiseMap("jump", (u, a) => where(u < a, u * 0.5, (u * 0.5) + 1), (u, a) => u < a ? u * 0.5 : (u * 0.5) + 1),
        new ElementwiseMap("saw",
            (u, a) => u - u.floor() + a, (u, a) => u - Math.Floor(u) + a) { Size = (u, a) => Math.Abs(u) + 1 + Math.Abs(a) },

        // Not finite somewhere.
        new ElementwiseMap("root of negatives", (u, a) => u.sqrt() + a, (u, a) => Math.Sqrt(u) + a),
        new ElementwiseMap("pole",
            (u, a) => 1 / (u - a), (u, a) => 1 / (u - a)) { Size = (u, a) => (Math.Abs(u) + Math.Abs(a) + 1) / ((u - a) * (u - a)) },
        new ElementwiseMap("logarithm of negatives", (u, a) => u.log() + a, (u, a) => Math.Log(u) + a),

        // No fixed point: the residual is bounded away from 0 by construction.
        new ElementwiseMap("sign", (u, _) => where(u < 0, ones_like(u), -ones_like(u)), (u, _) => u < 0 ? 1 : -1) { LeastResidual = 1, IsFlat = true },
        new ElementwiseMap("broken line",
            (u, _) => where(u <= 0, (u * 0.5) + 1, (u * 0.5) - 1), (u, _) => u <= 0 ? (u * 0.5) + 1 : (u * 0.5) - 1) { LeastResidual = 1 },
        new ElementwiseMap("hyperbola", (u, _) => u + ((u * u) + 1).sqrt(), (u, _) => u + Math.Sqrt((u * u) + 1)) { LeastResidual = 1 },
        new ElementwiseMap("wedge", (u, _) => u + 1 + (u.abs() * 0.5), (u, _) => u + 1 + (Math.Abs(u) * 0.5)) { LeastResidual = 1 },
        new ElementwiseMap("parabola", (u, a) => (u * u) + a, (u, a) => (u * u) + a) { Low = 1, High = 2, LeastResidual = 0.75 },
        new ElementwiseMap("exponential", (u, _) => u.exp(), (u, _) => Math.Exp(u)) { LeastResidual = 1 },
        new ElementwiseMap("shift by one", (u, _) => u + 1, (u, _) => u + 1) { LeastResidual = 1 },
        new ElementwiseMap("shift and wave", (u, _) => u + 2 + u.sin(), (u, _) => u + 2 + Math.Sin(u)) { LeastResidual = 1 },
    ];

    /// <summary>Range of a; default -2 to 2.</summary>
    public double Low { get; init; } = -2;

    /// <summary>See <see cref="Low"/>.</summary>
    public double High { get; init; } = 2;

    /// <summary>Starts are this many standard deviations of 1 wide.</summary>
    public double Start { get; init; } = 1;

    /// <summary>Magnitudes of what is summed up to f, beside |f|, |u| and |a|; default: no others.</summary>
    public Func<double, double, double>? Size { get; init; }

    public override int InputSize(int size) => size + 1;

    public override (double[] Start, double[] Input) Draw(Random random, int size, double scale)
    {
        double width = random.OneIn(10) ? 0 : Start * (random.OneIn(10) ? 100 : 1);
        double[] start = random.Numbers(size, () => random.Normal() * width * scale);
        return (start, [.. random.Numbers(size, () => random.Between(Low, High)), scale]);
    }

    public override Tensor Torch(Tensor u, Tensor q)
    {
        long size = u.shape[1];
        Tensor scale = q.narrow(1, size, 1);
        return torch(u / scale, q.narrow(1, 0, size)) * scale;
    }

    public override void Plain(ReadOnlySpan<double> u, ReadOnlySpan<double> q, Span<double> value, Span<double> size)
    {
        double scale = q[^1];
        for (int place = 0; place < u.Length; place++)
        {
            double x = u[place] / scale;
            value[place] = plain(x, q[place]) * scale;
            double summed = Math.Max(Size?.Invoke(x, q[place]) ?? 0, Math.Abs(q[place])) * scale;
            size[place] = Math.Max(summed, Math.Max(Math.Abs(value[place]), Math.Abs(u[place])));
        }
    }
}
