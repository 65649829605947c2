using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>Design equations of engineering in the form in which engineers iterate them, whose solutions scalar bisection gives.</summary>
internal static class Engineering
{
    private const double Activation = 20;
    private const double HeatOfReaction = 8;
    private const double ThermalVoltage = 0.02585;
    private const double Saturation = 1e-12;
    private const double LineResistance = 0.01;
    private const double LineReactance = 0.1;

    public static IEnumerable<FixedPointProblem> All =>
    [
        // u = exp(-q u), so q u = W(q): beyond q = e the plain iteration swings between two values.
        new()
        {
            Name = "lambert",
            Title = "u = exp(-q u), Lambert's W",
            Source = "Corless et al. 1996",
            Function = (u, q) => (-q * u).exp(),
            Start = [1],
            Parameters = [[0.5], [1], [2.5], [4], [20]],
            Error = (q, u) => FixedPointProblem.Distance(u, [Bisection.Root(x => x - Math.Exp(-q[0] * x), 0, 1)]),
        },

        // The volume of a gas at given reduced attraction A and co-volume B: Z = Z / (Z - B) - A / (Z + B).
        new()
        {
            Name = "redlich-kwong",
            Title = "Compressibility of a real gas",
            Source = "Redlich, Kwong 1949",
            Function = (u, q) => u / (u - q.narrow(1, 1, 1)) - q.narrow(1, 0, 1) / (u + q.narrow(1, 1, 1)),
            Start = [1],
            Parameters = [[0.05, 0.01], [0.2, 0.05], [0.3, 0.1], [0.6, 0.2]],
            Error = (q, u) => Nearest(
                u[0], Bisection.Roots(z => (z * z * z) - (z * z) + ((q[0] - q[1] - (q[1] * q[1])) * z) - (q[0] * q[1]), -2, 3)),
        },

        // A diode and a resistor on a battery: v = V ln(1 + (E - v) / (R I)).
        new()
        {
            Name = "diode",
            Title = "A diode and a resistor",
            Source = "Shockley 1949",
            Function = (u, q) => (1 + (q.narrow(1, 0, 1) - u) / (q.narrow(1, 1, 1) * Saturation)).log() * ThermalVoltage,
            Start = [0.2],
            Parameters = [[0.5, 1e3], [5, 1e3], [5, 1], [1, 1e6]],
            Error = (q, u) => FixedPointProblem.Distance(
                u, [Bisection.Root(v => (q[1] * Saturation * (Math.Exp(v / ThermalVoltage) - 1)) + v - q[0], 0, q[0])]),
        },

        // Conversion and temperature of an exothermic reaction in a stirred tank, for four Damkoehler numbers.
        new()
        {
            Name = "stirred-tank",
            Title = "Exothermic reaction in a stirred tank",
            Source = "Uppal, Ray, Poore 1974",
            Function = StirredTank,
            Start = [0.5, 1],
            Parameters = [[0.01], [0.06], [0.1], [0.3]],
            Error = (q, u) => Math.Max(
                Nearest(u[0], Bisection.Roots(x => x - (q[0] * (1 - x) * Arrhenius(HeatOfReaction * x)), 0, 1)),
                Math.Abs(u[1] - (HeatOfReaction * u[0]))),
        },

        // The voltage at the end of a line, real and imaginary, for an active and a reactive load; the last is nearly too much.
        new()
        {
            Name = "power-flow",
            Title = "Two buses and a line",
            Source = "Ward, Hale 1956",
            Function = PowerFlow,
            Start = [1, 0],
            Parameters = [[0.5, 0.2], [1.5, 0.5], [2.5, 0.5], [4, 0.5]],
            Error = PowerFlowError,
        },
    ];

    private static double Nearest(double found, double[] roots) => roots.Min(root => Math.Abs(found - root));

    private static double Arrhenius(double temperature) => Math.Exp(temperature / (1 + (temperature / Activation)));

    private static Tensor StirredTank(Tensor u, Tensor q)
    {
        Tensor[] x = Columns.Of(u);
        Tensor rate = q.select(1, 0) * (x[1] / (1 + x[1] / Activation)).exp();
        return stack([rate / (1 + rate), x[0] * HeatOfReaction], 1);
    }

    private static Tensor PowerFlow(Tensor u, Tensor q)
    {
        Tensor[] v = Columns.Of(u);
        Tensor[] load = Columns.Of(q);
        Tensor square = v[0].square() + v[1].square();
        Tensor real = (load[0] * v[0] + load[1] * v[1]) / square;
        Tensor imaginary = (load[0] * v[1] - load[1] * v[0]) / square;
        return stack(
            [1 - real * LineResistance + imaginary * LineReactance, -real * LineReactance - imaginary * LineResistance], 1);
    }

    /// <summary>The squared voltage solves a quadratic: one high, one low.</summary>
    private static double PowerFlowError(double[] q, double[] u)
    {
        double half = 0.5 - (q[0] * LineResistance) - (q[1] * LineReactance);
        double constant = ((q[0] * q[0]) + (q[1] * q[1])) * ((LineResistance * LineResistance) + (LineReactance * LineReactance));
        double root = Math.Sqrt((half * half) - constant);
        return Nearest((u[0] * u[0]) + (u[1] * u[1]), [half + root, half - root]);
    }
}
