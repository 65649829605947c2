using ImplicitNet.Flows.Loop;

namespace ImplicitNet.Flows;

/// <summary>
/// The steps of Störmer and Verlet (Verlet 1967) for a <see cref="HamiltonianField"/>: <c>p- = p + h/2 force(q)</c>, <c>q+ = q + h
/// velocity(p-)</c>, <c>p+ = p- + h/2 force(q+)</c>. Of order 2, symplectic, and the same backward.
/// </summary>
/// <remarks>
/// Energy does not drift: however many steps, it stays as near as h^2. With <see cref="FixedSteps"/>, since steps that change would lose
/// that. Costs an evaluation a step, in two halves that are counted as one each, and a half more at the start. Times asked for between the
/// ends of steps are read off a straight line. Gradients are the exact ones of the steps; <see cref="Gradients.Backsolve"/> and penalties
/// are refused.
/// </remarks>
public sealed record VerletSolver : FlowSolver
{
    /// <inheritdoc/>
    internal override ButcherTableau Method => ButcherTableau.Verlet;

    /// <inheritdoc/>
    internal override VectorField Prepared(VectorField field) => field switch
    {
        SplitField split => split,
        HamiltonianField whole => new SplitField(whole),
        _ => throw new ArgumentException(
            $"{nameof(VerletSolver)} needs a {nameof(HamiltonianField)}, whose halves it moves in turn. Given: {field.GetType().Name}.",
            nameof(field)),
    };
}
