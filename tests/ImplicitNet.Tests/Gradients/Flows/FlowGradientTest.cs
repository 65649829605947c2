using ImplicitNet.Flows;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients.Flows;

/// <summary>
/// The base of tests of gradients of flows. What a backward pass hands over stays alive until the next one on its thread: one of a test
/// before is released before tensors are counted.
/// </summary>
public abstract class FlowGradientTest : TensorTest
{
    // Set before the base counts.
    private protected bool IsSettled { get; } = Settle();

    /// <summary>A pass whose gradients go with the scope.</summary>
    private static bool Settle()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => u);
        using FlowResult flow = Implicit.Flow(field, ones(1).requires_grad_(), FlowTimes.Between(0, 0));
        flow.Output.sum().backward();
        return true;
    }
}
