using System.CommandLine;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;

namespace ImplicitNet.Cli.Options;

/// <summary>Options that say how a trained network finds its fixed points.</summary>
internal sealed class SolveOptions
{
    public Option<string?> Solver { get; } = ChoiceOption.Create("--solver", $"How fixed points are found (default: {SolverChoice.Default}).", SolverChoice.Names);

    public Option<double?> Tolerance { get; } = Ranges.Tolerance("Relative tolerance of the solve (default: the model's).");

    public Option<int?> MaxSteps { get; } = NumberOption.Whole("--max-steps", "Step limit of the solve (default: the model's).");

    public Option<double?> Damping { get; } = Ranges.Damping("Share of the full step that is taken (default: 1).");

    public Option<int?> Memory { get; } = Ranges.Memory();

    public void AddTo(Command command)
    {
        command.Add(Solver);
        command.Add(Tolerance);
        command.Add(MaxSteps);
        command.Add(Damping);
        command.Add(Memory);
    }

    /// <summary>Makes a network solve as the options say; what fails is reported, never thrown.</summary>
    public void Apply(ParseResult parsed, ImplicitNetwork network)
    {
        StoppingRule stopping = network.Stopping;
        network.Stopping = stopping with
        {
            RelativeTolerance = parsed.GetValue(Tolerance) ?? stopping.RelativeTolerance,
            MaxSteps = parsed.GetValue(MaxSteps) ?? stopping.MaxSteps,
        };
        network.Solver = SolverChoice.Create(parsed.GetValue(Solver) ?? SolverChoice.Default, parsed.GetValue(Damping) ?? 1, parsed.GetValue(Memory));
        network.OnFailure = new MaskFailures();
    }
}
