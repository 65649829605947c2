using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;

namespace ImplicitNet.Models;

/// <summary>The description of a saved implicit network, apart from its weights, and how it is solved.</summary>
public sealed record ModelConfig : NetworkConfig
{
    /// <inheritdoc/>
    public override NetworkOptions Options => Network;

    /// <summary>The architecture and its sizes; default: a digit classifier.</summary>
    public ImplicitNetworkOptions Network
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Network));
    } = new DigitClassifierOptions();

    /// <summary>Relative tolerance of the solve, in [0, 1), dimensionless; default 1e-3.</summary>
    public override double RelativeTolerance
    {
        get;
        init => field = new StoppingRule { RelativeTolerance = value }.RelativeTolerance!.Value;
    } = 1e-3;

    /// <summary>
    /// Absolute tolerance of the solve, which is added to the relative one: a sample ends at
    /// <c>||R(u) - u|| &lt;= AbsoluteTolerance + RelativeTolerance ||u||</c>. At least 0 and finite, in the units of the latent; default 0.
    /// </summary>
    public override double AbsoluteTolerance
    {
        get;
        init => field = new StoppingRule { AbsoluteTolerance = value }.AbsoluteTolerance!.Value;
    }

    /// <summary>Step limit of the solve; at least 1; default 100.</summary>
    public override int MaxSteps
    {
        get;
        init => field = new StoppingRule { MaxSteps = value }.MaxSteps;
    } = 100;

    /// <summary>
    /// How fixed points are found: "picard" (the default), "anderson", "broyden", "newton-krylov" or "chain"; of a
    /// <see cref="MonotoneClassifierOptions"/> also "peaceman-rachford" (its default) and "forward-backward".
    /// </summary>
    public string Solver
    {
        get => field ?? Network.DefaultSolver;
        init => field = value ?? throw new ArgumentNullException(nameof(Solver));
    }

    /// <summary>Share of the full step that the solver takes, in (0, 1]; default 1.</summary>
    public double Damping { get; init; } = 1;

    /// <summary>
    /// The number of steps that the solver remembers; null, the default, for the solver's own default, and for solvers that remember none.
    /// </summary>
    public int? Memory { get; init; }

    /// <summary>
    /// The gradient through the fixed point, as written on the command line: "jfb" (the default), "implicit:gmres", "neumann:3", and so on.
    /// </summary>
    public string Gradient
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Gradient));
    } = GradientChoice.Default;

    /// <summary>Creates the settings of the solve and its gradient; failures throw.</summary>
    /// <exception cref="ArgumentException">
    /// There is no such solver or gradient, a number is out of its range, or the gradient does not work with the solver, or one of them not
    /// with the network.
    /// </exception>
    public SolveSettings CreateSettings()
    {
        GradientChoice gradient = GradientChoice.Parse(Gradient);
        FixedPointSolver solver = gradient.Fit(SolverChoice.Create(Solver, Damping, Memory), Solver);
        EnsureTakes(solver, gradient);
        return new SolveSettings
        {
            Solver = solver,
            Gradient = gradient.Gradient,
            Stopping = Network.Rule with
            {
                RelativeTolerance = RelativeTolerance,

                // Beside a relative one, none is 0; 0 would be another identity of the runs before there was a choice.
                AbsoluteTolerance = AbsoluteTolerance > 0 ? AbsoluteTolerance : null,
                MaxSteps = MaxSteps,
            },
        };
    }

    /// <summary>Builds the network, with weights drawn from torch's random state and its settings. The caller owns it.</summary>
    public override ImplicitNetwork CreateNetwork()
    {
        SolveSettings settings = CreateSettings();
        ImplicitNetwork network = Network.CreateNetwork();
        network.Settings = settings;
        return network;
    }

    /// <summary>Whether the networks and how they are solved are the same, also where one says what the other leaves to it.</summary>
    public bool Equals(ModelConfig? other) => base.Equals(other) && Described.Equals(other.Described);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Described);

    private (ImplicitNetworkOptions, double, double, int, string, double, int?, string) Described =>
        (Network, RelativeTolerance, AbsoluteTolerance, MaxSteps, Solver, Damping, Memory, Gradient);

    /// <summary>Refuses a splitting where there is no monotone operator to split.</summary>
    private void EnsureTakes(FixedPointSolver solver, GradientChoice gradient)
    {
        if (Network is MonotoneClassifierOptions { Explicit: false })
        {
            return;
        }

        string form = Network.Explicit ? ", explicit twin" : "";
        if (solver is ForwardBackwardSolver or PeacemanRachfordSolver)
        {
            throw new ArgumentException(
                $"solver {Solver}: a splitting is for a monotone network; this one is {Network.Architecture}{form}. "
                    + "Take picard or anderson.");
        }

        if (gradient.Gradient is ImplicitGradient { Solver: SplittingLinearSolver })
        {
            throw new ArgumentException(
                $"gradient {Gradient}: a splitting is for a monotone network; this one is {Network.Architecture}{form}. "
                    + "Take implicit:gmres.");
        }
    }

    private protected override NetworkConfigFile ToFile() =>
        new ModelConfigFile { Data = Data, Solver = Solver, Damping = Damping, Memory = Memory, Gradient = Gradient };
}
