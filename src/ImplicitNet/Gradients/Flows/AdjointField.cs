using ImplicitNet.Batches;
using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Flows.Loop;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>A state and its adjoint: <c>(u, a)' = (f, -J^T a)</c>, as rows [batch, 2, n].</summary>
/// <param name="field">f.</param>
/// <param name="layout">How a state lies in a row.</param>
/// <param name="inputs">Those of f; the caller keeps them.</param>
internal sealed class AdjointField(VectorField field, LatentLayout layout, MapInputs inputs) : VectorField(inputs)
{
    public override bool IsPerSample => true;

    public override Tensor Evaluate(Tensor time, Tensor state)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable graph = enable_grad();
        Tensor leaf = layout.Restore(state.select(1, 0).detach().clone()).requires_grad_();
        Tensor value = FieldMeter.Checked(field, time, leaf.clone());
        Tensor back = value.requires_grad
            ? layout.Flatten(VectorProducts.TransposeProduct(value, leaf, layout.Restore(state.select(1, 1))))
            : zeros_like(state.select(1, 1));
        return stack([layout.Flatten(value.detach()), -back], 1).MoveToOuterDisposeScope();
    }

    public override VectorField With(MapInputs other) => new AdjointField(field.With(other.Borrowed()), layout, other);
}
