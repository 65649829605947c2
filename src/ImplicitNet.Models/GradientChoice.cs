using System.Globalization;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;

namespace ImplicitNet.Models;

/// <summary>A gradient by name, with its numbers after colons: "neumann:3". A new one is one more entry.</summary>
internal sealed record GradientChoice
{
    public const string Default = "jfb";

    /// <summary>In a list of gradients: the explicit twin, by plain backpropagation.</summary>
    public const string Explicit = "explicit";

    private static readonly Dictionary<string, Entry> Entries = new()
    {
        [Default] = new("", [], _ => new JacobianFreeGradient()),
        ["neumann"] = new(":TERMS", ["3"], given => new NeumannGradient { Terms = Whole(given[0], 0) }),
        ["phantom"] =
            new(":STEPS:DAMPING", ["5", "0.5"], given => new PhantomGradient { Steps = Whole(given[0], 1), Damping = Share(given[1]) }),
        ["refined"] = new(":PRODUCTS", ["5"], given => new RefinedGradient { Products = Whole(given[0], 0) }),
        ["implicit"] = new(":SOLVER", ["gmres"], given => new ImplicitGradient { Solver = Linear(given[0]) }),
        ["inverse-reuse"] = new(":PRODUCTS", ["0"], given => new InverseReuseGradient { Products = Whole(given[0], 0) }),
        ["unrolled"] = new(":STEPS", ["20"], given => new UnrolledGradient { Steps = Whole(given[0], 1) }),
    };

    private static readonly Dictionary<string, Func<LinearSolver>> LinearSolvers = new()
    {
        ["gmres"] = () => new GmresSolver(),
        ["bicgstab"] = () => new BicgstabSolver(),
        ["cg"] = () => new ConjugateGradientSolver(),
        ["cg-normal"] = () => new CgnrSolver(),
        [SolverChoice.ForwardBackward] = () => new SplittingLinearSolver { Solver = new ForwardBackwardSolver() },
        [SolverChoice.PeacemanRachford] = () => new SplittingLinearSolver(),
        ["fixed-point"] = () => new FixedPointLinearSolver(),
        ["anderson"] = () => new FixedPointLinearSolver { Solver = new AndersonSolver() },
        ["broyden"] = () => new FixedPointLinearSolver { Solver = new BroydenSolver() },
    };

    private GradientChoice(string text, FixedPointGradient gradient) => (Text, Gradient) = (text, gradient);

    /// <summary>The names, without what may follow.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Keys];

    /// <summary>What may be written, for help and errors.</summary>
    public static IReadOnlyList<string> Forms { get; } = [.. Entries.Select(entry => entry.Key + entry.Value.Syntax)];

    /// <summary>The solvers of the adjoint equation by name.</summary>
    public static IReadOnlyList<string> LinearSolverNames { get; } = [.. LinearSolvers.Keys];

    /// <summary>The name with all its numbers, those not given included: "phantom:5:0.5".</summary>
    public string Text { get; }

    public FixedPointGradient Gradient { get; }

    /// <summary>For sentences: "by JFB".</summary>
    public string Words => Text == Default ? "JFB" : $"the gradient {Text}";

    /// <summary>Reads a choice; what is left out at the end has its default.</summary>
    /// <exception cref="ArgumentException">It cannot be read; the message says what may stand there.</exception>
    public static GradientChoice Parse(string text)
    {
        string[] parts = text.Split(':');
        if (!Entries.TryGetValue(parts[0], out Entry? entry))
        {
            throw new ArgumentException($"gradient must be one of {string.Join(", ", Forms)}; given {text}.");
        }

        if (parts.Length - 1 > entry.Defaults.Count)
        {
            throw new ArgumentException($"gradient {text}: nothing more can be said than {parts[0]}{entry.Syntax}.");
        }

        string[] given = [.. parts.Skip(1), .. entry.Defaults.Skip(parts.Length - 1)];
        try
        {
            return new GradientChoice(string.Join(':', [parts[0], .. given.Select(Canonical)]), entry.Make(given));
        }
        catch (FormatException exception)
        {
            throw new ArgumentException($"gradient {text}: in {parts[0]}{entry.Syntax}, {exception.Message}");
        }
    }

    /// <summary>The solver as this gradient needs it.</summary>
    /// <param name="solver">The solver chosen.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="ArgumentException">The gradient cannot be had with it.</exception>
    public FixedPointSolver Fit(FixedPointSolver solver, string name) => (Gradient, solver) switch
    {
        (InverseReuseGradient, BroydenSolver broyden) => broyden with { KeepInverse = true },
        (InverseReuseGradient, _) => throw new ArgumentException(
            $"gradient {Text}: it uses the inverse that broyden builds (--solver broyden); the solver is {name}."),
        _ => solver,
    };

    private static string Canonical(string part) =>
        double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number.ToString(CultureInfo.InvariantCulture)
            : part;

    private static int Whole(string text, int least) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least
            ? value
            : throw new FormatException($"{(text.Length == 0 ? "nothing" : text)} is no whole number of at least {least}.");

    private static double Share(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value is > 0 and <= 1
            ? value
            : throw new FormatException($"{(text.Length == 0 ? "nothing" : text)} is no number above 0 and at most 1.");

    private static LinearSolver Linear(string text) => LinearSolvers.TryGetValue(text, out Func<LinearSolver>? make)
        ? make()
        : throw new FormatException($"{(text.Length == 0 ? "nothing" : text)} is none of {string.Join(", ", LinearSolvers.Keys)}.");

    /// <summary>How a gradient is written and made.</summary>
    /// <param name="Syntax">What may follow the name.</param>
    /// <param name="Defaults">What stands for what is left out.</param>
    /// <param name="Make">Makes it from what follows the name.</param>
    private sealed record Entry(string Syntax, IReadOnlyList<string> Defaults, Func<IReadOnlyList<string>, FixedPointGradient> Make);
}
