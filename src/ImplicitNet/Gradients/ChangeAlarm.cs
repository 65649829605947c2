using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// Lets libtorch itself stop a backward pass when a tensor that a node computes with was changed after the forward pass: the caller's
/// <c>backward()</c> throws before any gradient is added up. A node of ours alone cannot do that, since no exception of ours may travel
/// through native code.
/// </summary>
internal static class ChangeAlarm
{
    /// <summary>
    /// A tensor without elements in the graph, made last of all that the node takes: its part of the graph runs next after the node. Each
    /// product in it saves a view of one of the tensors, of no elements but with the tensor's version, which libtorch compares.
    /// </summary>
    /// <param name="tensors">What the node computes with; sparse ones are left out.</param>
    /// <param name="device">The device that they are on.</param>
    /// <returns>[0]. In the caller's dispose scope. Nothing is copied.</returns>
    public static Tensor Over(IEnumerable<Tensor> tensors, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor alarm = empty(0, device: device).requires_grad_();
        foreach (Tensor tensor in tensors.Where(tensor => !tensor.is_sparse))
        {
            alarm *= tensor.detach().as_strided([0], [1]);
        }

        return alarm.MoveToOuterDisposeScope();
    }

    /// <summary>What a node sends back to its alarm, so that libtorch goes there.</summary>
    /// <param name="gradient">What came to the node.</param>
    public static Tensor Gradient(Tensor gradient) => zeros(0, device: gradient.device);
}
