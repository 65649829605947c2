using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// A residual network whose layers look two back, as a linear multistep method does: <c>u+ = (1 - k) u + k u- + f(u)</c>, k learned for
/// every layer (Lu, Zhong, Li and Dong, "Beyond finite layer neural networks", 2018).
/// </summary>
/// <remarks>
/// The first layer has nothing behind it: <c>u + f(u)</c>. With every k at 0 it is a residual network. Its steps are its layers, of weights
/// of their own: it is followed by no flow solver, and its gradient is that of autograd, in the memory of all layers.
/// </remarks>
public sealed class LinearMultistepNetwork : nn.Module<Tensor, Tensor>
{
    // Where the authors draw k from.
    private const double LeastShare = -0.1;

    private readonly nn.Module<Tensor, Tensor>[] _layers;

    [ComponentName(Name = "shares")]
    private readonly Parameter _shares;

    /// <summary>Creates it; k is drawn from torch's random state, between -0.1 and 0.</summary>
    /// <param name="layers">f of every layer: [batch, ...] to the same shape; at least one. Owned from now on.</param>
    public LinearMultistepNetwork(params IReadOnlyList<nn.Module<Tensor, Tensor>> layers)
        : base(nameof(LinearMultistepNetwork))
    {
        ArgumentNullException.ThrowIfNull(layers);
        if (layers.Count == 0 || layers.Contains(null!))
        {
            throw new ArgumentException($"At least one layer is needed, and none may be null. Given: {layers.Count}.", nameof(layers));
        }

        _layers = [.. layers];
        using Tensor share = rand(layers.Count - 1).mul_(LeastShare);
        _shares = new Parameter(share);
        _shares.DetachFromDisposeScope();
        RegisterComponents();
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            register_module($"layer{layer + 1}", _layers[layer]);
        }
    }

    /// <summary>k of the second and later layers: [layers - 1]. Owned by the network.</summary>
    public Parameter Shares => _shares;

    /// <summary>Applies the layers.</summary>
    /// <param name="input">[batch, ...].</param>
    /// <returns>The same shape. The caller owns it.</returns>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor before = input, state = input + _layers[0].call(input);
        for (int layer = 1; layer < _layers.Length; layer++)
        {
            Tensor share = _shares[layer - 1];
            (before, state) = (state, ((1 - share) * state) + (share * before) + _layers[layer].call(state));
        }

        return state.MoveToOuterDisposeScope();
    }
}
