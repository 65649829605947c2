namespace ImplicitNet.Flows;

/// <summary>Explicit Runge-Kutta steps: for fields that are not stiff.</summary>
/// <remarks>
/// Costs one evaluation a stage, less one where the last stage is the next step's first. A stiff field (whose fastest part has died down
/// but keeps steps short) shows as <see cref="FlowStatus.MaxStepsReached"/>.
/// </remarks>
public sealed record ExplicitRungeKutta : FlowSolver
{
    /// <summary>Tsitouras's method of order 5(4).</summary>
    public ExplicitRungeKutta()
        : this(ButcherTableau.Tsit5)
    {
    }

    /// <summary>A method of your choice.</summary>
    /// <param name="tableau">Its coefficients.</param>
    public ExplicitRungeKutta(ButcherTableau tableau)
    {
        ArgumentNullException.ThrowIfNull(tableau);
        Tableau = tableau;
    }

    /// <summary>The coefficients.</summary>
    public ButcherTableau Tableau { get; }

    /// <inheritdoc/>
    internal override ButcherTableau Method => Tableau;

    /// <inheritdoc/>
    internal override VectorField Prepared(VectorField field) => field;
}
