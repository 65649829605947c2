using ImplicitNet.Flows;
using ImplicitNet.Gradients;

namespace ImplicitNet.Networks;

/// <summary>
/// How a layer follows its field, how it differentiates through that, and what it does about samples that failed: one value, which a single
/// call can replace without changing the layer.
/// </summary>
public sealed record FlowSettings
{
    /// <summary>How steps are made; default <see cref="ExplicitRungeKutta"/> with <see cref="ButcherTableau.Tsit5"/>.</summary>
    public FlowSolver Solver { get; init => field = value ?? throw new ArgumentNullException(nameof(Solver)); } = new ExplicitRungeKutta();

    /// <summary>How long steps are; default <see cref="PidController"/> with tolerances by dtype.</summary>
    public StepController Steps { get; init => field = value ?? throw new ArgumentNullException(nameof(Steps)); } = new PidController();

    /// <summary>How gradients pass through the flow; default <see cref="DiscreteAdjoint"/>, which is exact.</summary>
    public FlowGradient Gradient
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Gradient));
    } = new DiscreteAdjoint();

    /// <summary>
    /// Terms of the loss that are integrated along, with gradients enabled; default none. A training run adds them to the losses; elsewhere
    /// they are <see cref="FlowResult.Penalties"/> or <see cref="ScopedFlow.Penalties"/>.
    /// </summary>
    public IReadOnlyList<FlowPenalty> Penalties
    {
        get;
        init => field = value is null || value.Contains(null!) ? throw new ArgumentNullException(nameof(Penalties)) : [.. value];
    } = [];

    /// <summary>What is done about samples that did not come to their end; default <see cref="ThrowOnFailure"/>.</summary>
    public FailurePolicy OnFailure
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(OnFailure));
    } = new ThrowOnFailure();

    /// <summary>Two whose parts are equal are equal.</summary>
    public bool Equals(FlowSettings? other) => other is not null && Solver.Equals(other.Solver) && Steps.Equals(other.Steps)
        && Gradient.Equals(other.Gradient) && Penalties.SequenceEqual(other.Penalties) && OnFailure.Equals(other.OnFailure);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Solver, Steps, Gradient, Penalties.Count, OnFailure);
}
