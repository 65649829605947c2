using System.CommandLine;
using ImplicitNet.Models;
using ImplicitNet.Networks;

namespace ImplicitNet.Cli.Options;

/// <summary>Options that say how a trained network finds its fixed points.</summary>
internal sealed class SolveOptions
{
    public Option<string?> Solver { get; } =
        ChoiceOption.Create("--solver", $"How fixed points are found (default: the model's).", SolverChoice.Names);

    public Option<double?> Tolerance { get; } = Ranges.Tolerance("Relative tolerance of the solve (default: the model's).");

    public Option<int?> MaxSteps { get; } = NumberOption.Whole("--max-steps", "Step limit of the solve (default: the model's).");

    public Option<double?> Damping { get; } = Ranges.Damping("Share of the full step that is taken (default: the model's).");

    public Option<int?> Memory { get; } = Ranges.Memory();

    public void AddTo(Command command)
    {
        command.Add(Solver);
        command.Add(Tolerance);
        command.Add(MaxSteps);
        command.Add(Damping);
        command.Add(Memory);
    }

    /// <summary>A model's configuration with what the options say otherwise. Another solver has its own memory unless told.</summary>
    public ModelConfig Over(ParseResult parsed, ModelConfig config)
    {
        string? solver = parsed.GetValue(Solver);
        bool isOwn = solver is null || solver == config.Solver;
        return config with
        {
            Solver = solver ?? config.Solver,
            Damping = parsed.GetValue(Damping) ?? (isOwn ? config.Damping : 1),
            Memory = parsed.GetValue(Memory) ?? (isOwn ? config.Memory : null),
            RelativeTolerance = parsed.GetValue(Tolerance) ?? config.RelativeTolerance,
            MaxSteps = parsed.GetValue(MaxSteps) ?? config.MaxSteps,
        };
    }

    /// <summary>Makes a network solve as the options and its configuration say; what fails is reported, never thrown.</summary>
    /// <param name="parsed">The options.</param>
    /// <param name="config">The model's.</param>
    /// <param name="network">The model.</param>
    /// <param name="withGradient">Whether the model's gradient is asked for too, which may need the model's solver.</param>
    /// <exception cref="CommandException">The solver cannot be had so.</exception>
    public void Apply(ParseResult parsed, ModelConfig config, ImplicitNetwork network, bool withGradient = false)
    {
        ModelConfig asked = Over(parsed, config);
        network.Settings = Chosen.Settings(withGradient ? asked : asked with { Gradient = GradientChoice.Default }) with
        {
            OnFailure = new MaskFailures(),
        };
    }
}
