using System.CommandLine;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Networks;

namespace ImplicitNet.Cli.Options;

/// <summary>Options that say how a trained network finds its fixed points.</summary>
/// <param name="isOfOneKind">Whether all its models are of one kind, which no splitting solves, with step limits of their own.</param>
internal sealed class SolveOptions(bool isOfOneKind = false)
{
    private const string OfSolver = "How fixed points are found (default: the model's).";

    public Option<string?> Solver { get; } = isOfOneKind
        ? ChoiceOption.Create("--solver", OfSolver, SolverChoice.General)
        : RunSetting.Option<string?>(nameof(RunSettings.Solver), OfSolver);

    public Option<double?> Tolerance { get; } =
        RunSetting.Option<double?>(nameof(RunSettings.Tolerance), "Relative tolerance of the solve (default: the model's).");

    public Option<double?> AbsoluteTolerance { get; } =
        RunSetting.Option<double?>(nameof(RunSettings.AbsoluteTolerance), "Absolute tolerance that is added to it (default: the model's).");

    public Option<int?> MaxSteps { get; } =
        RunSetting.Option<int?>(
            nameof(RunSettings.MaxSteps),
            isOfOneKind
                ? "Step limit of the solve (default: the model's)."
                : "Step limit of the solve (default: the model's; of other sizes N^2 for mazes, 4 N for sums, at least 500).");

    public Option<double?> Damping { get; } =
        RunSetting.Option<double?>(nameof(RunSettings.Damping), "Share of the full step that is taken (default: the model's).");

    public Option<int?> Memory { get; } = RunSetting.Option<int?>(nameof(RunSettings.Memory));

    public void AddTo(Command command)
    {
        command.Add(Solver);
        command.Add(Tolerance);
        command.Add(AbsoluteTolerance);
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
            AbsoluteTolerance = parsed.GetValue(AbsoluteTolerance) ?? config.AbsoluteTolerance,
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
