using ImplicitNet.Gradients;
using ImplicitNet.Networks;

namespace ImplicitNet.Training;

/// <summary>The gradients that a policy has chosen, for the solves and the flows of a model; null: their own.</summary>
internal readonly record struct GradientsInForce(FixedPointGradient? Fixed, FlowGradient? Flow)
{
    /// <summary>Settings with the gradient in force.</summary>
    public SolveSettings Of(SolveSettings own) => Fixed is null ? own : own with { Gradient = Fixed };

    /// <inheritdoc cref="Of(SolveSettings)"/>
    public FlowSettings Of(FlowSettings own) => Flow is null ? own : own with { Gradient = Flow };
}
