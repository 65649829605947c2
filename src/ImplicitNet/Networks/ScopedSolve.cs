using ImplicitNet.Gradients;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>One implicit solve that was made while a <see cref="SolveScope"/> was open. The scope owns its tensors.</summary>
public sealed class ScopedSolve
{
    internal ScopedSolve(ImplicitLayer? layer, SolveSettings settings, ImplicitResult result)
    {
        Layer = layer;
        Settings = settings;
        Report = result.Report;
        Gradient = result.Gradient;
        Included = result.Included;
        Latent = result.Latent.alias().DetachFromDisposeScope();
        Penalties = result.Penalties?.alias().DetachFromDisposeScope();
    }

    /// <summary>The layer that made it; null if it was not made by a layer.</summary>
    public ImplicitLayer? Layer { get; }

    /// <summary>The settings it was made with: the solve's own, as changed by the scopes.</summary>
    public SolveSettings Settings { get; }

    /// <summary>How it went, sample by sample.</summary>
    public SolveReport Report { get; }

    /// <summary>What backward passes through it did: empty until the first.</summary>
    public GradientReport Gradient { get; }

    /// <summary>For every sample, whether it counts in the loss; false only where the failure policy excludes it.</summary>
    public IReadOnlyList<bool> Included { get; }

    /// <summary>u*: [batch, ...], never in a graph. Owned by the scope, and disposed with it.</summary>
    public Tensor Latent { get; }

    /// <summary>
    /// The <see cref="Operators.JacobianPenalty"/> of every sample, to be added to its loss: [batch], in the graph; null if none was asked
    /// for, or gradients were disabled. Owned by the scope, and disposed with it.
    /// </summary>
    public Tensor? Penalties { get; }

    /// <summary>One line: how it went.</summary>
    public override string ToString() => Report.ToString();

    internal void Release()
    {
        Latent.Dispose();
        Penalties?.Dispose();
    }
}
