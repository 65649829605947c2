using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary><c>z -> D (W z + shift)</c>, D between 0 and 1: linear, and a splitting with the same m and L.</summary>
internal sealed class TangentMap(
    MonotoneLayer layer, bool isTransposed, MonotoneNorms norms, MapInputs inputs, MonotoneMap? whole = null)
    : MonotoneMap(layer, isTransposed, norms, inputs, whole)
{
    // D is the proximal map of (1 / D - 1) z^2 / 2: where D is 0, of what is infinite but at 0.
    public override Tensor Activate(Tensor x, double alpha)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor slopes = Inputs.PerSample[1];
        Tensor factor = alpha == 1 ? slopes : slopes / (slopes + ((1 - slopes) * alpha));
        return (factor * x).MoveToOuterDisposeScope();
    }

    public override FixedPointMap With(MapInputs inputs) =>
        new TangentMap(Layer, IsTransposed, Norms, inputs, WholeOf(inputs));
}
