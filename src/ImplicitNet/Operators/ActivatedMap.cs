using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary><c>u -> act(W u + q)</c>.</summary>
internal sealed class ActivatedMap(
    MonotoneLayer layer, LatentActivation activation, double lipschitz, MapInputs inputs, MonotoneMap? whole = null)
    : MonotoneMap(layer, isTransposed: false, lipschitz, inputs, whole)
{
    public override Tensor Activate(Tensor x, double alpha) => activation.Proximal(x, alpha);

    public override FixedPointMap With(MapInputs inputs) =>
        new ActivatedMap(Layer, activation, LipschitzBound, inputs, WholeOf(inputs));
}
