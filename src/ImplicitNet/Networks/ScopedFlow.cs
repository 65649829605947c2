using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>One flow that was followed while a <see cref="SolveScope"/> was open. The scope owns its tensor.</summary>
public sealed class ScopedFlow
{
    internal ScopedFlow(FlowSettings settings, FlowResult result)
    {
        (Settings, Report, Gradient, Included) = (settings, result.Report, result.Gradient, result.Included);
        Penalties = result.Penalties?.alias().DetachFromDisposeScope();
    }

    /// <summary>The settings it was made with: its own, as changed by the scopes.</summary>
    public FlowSettings Settings { get; }

    /// <summary>How it went, sample by sample.</summary>
    public FlowReport Report { get; }

    /// <summary>What backward passes through it did: empty until the first.</summary>
    public GradientReport Gradient { get; }

    /// <summary>For every sample, whether it counts in the loss; false only where the failure policy excludes it.</summary>
    public IReadOnlyList<bool> Included { get; }

    /// <summary>As <see cref="FlowResult.Penalties"/>. Owned by the scope, and disposed with it.</summary>
    public Tensor? Penalties { get; }

    /// <summary>One line: how it went.</summary>
    public override string ToString() => Report.ToString();

    internal void Release() => Penalties?.Dispose();
}
