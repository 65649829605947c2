using ImplicitNet.Gradients.Flows;

namespace ImplicitNet.Gradients;

/// <summary>
/// A way to differentiate through a flow, so that a plain <c>loss.backward()</c> reaches its start, its times, and everything that the
/// field computes with.
/// </summary>
/// <remarks>
/// The lengths of steps are constants: what is differentiated is the steps that were taken, not the choice of them.
/// </remarks>
public abstract record FlowGradient
{
    private protected FlowGradient()
    {
    }

    /// <summary>A short name for tables and charts.</summary>
    protected internal abstract string Label { get; }

    /// <summary>Bytes of states that the flow keeps for the backward pass; null: it keeps none.</summary>
    internal virtual long? TapeBytes => null;

    /// <summary>What goes back.</summary>
    internal abstract FlowPass Pass(FlowRecord record, GradientReport report);
}
