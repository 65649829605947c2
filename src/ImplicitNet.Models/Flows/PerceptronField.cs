using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// A vector field that is a multilayer perceptron: <c>f(t, u) = W3 relu(W2 relu(W1 u + b1) + b2) + b3</c>, with t as one more coordinate of
/// u where it depends on time.
/// </summary>
/// <remarks>t is [batch], u and f(t, u) are [batch, width]. The same field for every sample, and each sample by itself.</remarks>
internal sealed class PerceptronField : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Linear[] _layers;
    private readonly bool _isTimed;

    public PerceptronField(int width, int hidden, int hiddenLayers, bool isTimed)
        : base(nameof(PerceptronField))
    {
        _isTimed = isTimed;
        int inputs = width + (isTimed ? 1 : 0);
        _layers =
        [
            .. Enumerable.Range(0, hiddenLayers + 1).Select(
                layer => nn.Linear(layer == 0 ? inputs : hidden, layer == hiddenLayers ? width : hidden)),
        ];
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            register_module($"linear{layer + 1}", _layers[layer]);
        }
    }

    public override Tensor forward(Tensor time, Tensor state)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = _isTimed ? cat([time.unsqueeze(1), state], 1) : state;
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            x = _layers[layer].call(x);
            if (layer < _layers.Length - 1)
            {
                x = x.relu();
            }
        }

        return x.MoveToOuterDisposeScope();
    }
}
