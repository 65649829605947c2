using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary><c>u -> act(W u + q)</c>.</summary>
internal sealed class ActivatedMap(
    MonotoneLayer layer, LatentActivation activation, MonotoneNorms norms, MapInputs inputs, MonotoneMap? whole = null)
    : MonotoneMap(layer, isTransposed: false, norms, inputs, whole)
{
    public override Tensor Activate(Tensor x, double alpha) => activation.Proximal(x, alpha);

    public override FixedPointMap With(MapInputs inputs) =>
        new ActivatedMap(Layer, activation, Norms, inputs, WholeOf(inputs));
}
