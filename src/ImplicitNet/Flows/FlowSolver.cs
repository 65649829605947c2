namespace ImplicitNet.Flows;

/// <summary>
/// How a step of a flow is made: options that serve many flows. <see cref="ExplicitRungeKutta"/>, <see cref="VerletSolver"/>.
/// </summary>
public abstract record FlowSolver
{
    private protected FlowSolver()
    {
    }

    /// <summary>The coefficients of its stages.</summary>
    internal abstract ButcherTableau Method { get; }

    /// <summary>The field as its stages evaluate it.</summary>
    /// <param name="field">The caller keeps it. One that is prepared already stays as it is.</param>
    /// <returns>The field, or one that borrows it and owns nothing.</returns>
    /// <exception cref="ArgumentException">It cannot follow such a field.</exception>
    internal abstract VectorField Prepared(VectorField field);
}
