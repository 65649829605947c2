namespace ImplicitNet.Flows;

/// <summary>How a step of a flow is made: options that serve many flows. <see cref="ExplicitRungeKutta"/>.</summary>
public abstract record FlowSolver
{
    private protected FlowSolver()
    {
    }
}
