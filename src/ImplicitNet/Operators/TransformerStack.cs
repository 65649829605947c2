using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Layers of a transformer one after the other, each with weights of its own, applied to q whatever u is: the explicit twin of an
/// <see cref="EquilibriumTransformer"/>. A layer is the same, and hears what came before in the same way; u is what the layer before gave.
/// </summary>
internal sealed class TransformerStack : LatentOperator
{
    private readonly TransformerLayer[] _layers;
    private readonly DistanceBias[] _distances;
    private readonly bool _isShifted;

    public TransformerStack(int layers, long channels, long heads, long feedForward, bool isShifted, long reach)
        : base(nameof(TransformerStack))
    {
        using DisposeScope scope = NewDisposeScope();
        _isShifted = isShifted;
        _layers = [.. Enumerable.Range(0, layers).Select(_ => new TransformerLayer(channels, heads, feedForward, ScalarType.Float32))];
        _distances = [.. _layers.Select(_ => new DistanceBias(heads, reach, isCausal: true, ScalarType.Float32))];
        for (int place = 0; place < layers; place++)
        {
            register_module($"layer{place + 1}", _layers[place]);
            register_module($"distances{place + 1}", _distances[place]);
        }
    }

    /// <inheritdoc/>
    public override FixedPointMap Bind(Tensor q) => new PerSampleMap(
        (_, inputs) => Evaluate(inputs.PerSample[0]),
        new MapInputs { PerSample = [q], Parameters = parameters().Where(parameter => parameter.requires_grad) });

    /// <summary>Zeros.</summary>
    public override Tensor StartingLatent(Tensor q)
    {
        using IDisposable noGraph = no_grad();
        return zeros_like(q);
    }

    private Tensor Evaluate(Tensor q)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor tokens = q;
        foreach ((TransformerLayer layer, DistanceBias distances) in _layers.Zip(_distances))
        {
            Tensor heard = _isShifted ? TransformerLayer.Shifted(tokens, null) : tokens;
            Tensor projected = layer.Project(heard, layer.Inject(tokens));
            tokens = layer.Apply(projected, tokens, distances.Between(q.shape[1], 0), null, []);
        }

        return tokens.MoveToOuterDisposeScope();
    }
}
