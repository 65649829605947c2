using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// R of the published network for augmented CIFAR-10: <c>x = q + gamma u</c>; in every layer
/// <c>x = norm(LeakyReLU(x + pair(x)))</c>; the value is x. The norm is batch normalisation without weights.
/// </summary>
internal sealed class CifarLatent : nn.Module<Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "latent_convs")]
    private readonly ModuleList<ConvolutionPair> _pairs;

    [ComponentName(Name = "lat_batch_norm")]
    private readonly ModuleList<BatchNormalization> _norms;
    private readonly double _gamma;

    public CifarLatent(long channels, int layers, double gamma)
        : base(nameof(CifarLatent))
    {
        _pairs = nn.ModuleList([.. Enumerable.Range(0, layers).Select(_ => new ConvolutionPair(channels))]);
        _norms = nn.ModuleList([.. Enumerable.Range(0, layers).Select(_ => new BatchNormalization(channels, isAffine: false))]);
        _gamma = gamma;
        RegisterComponents();
    }

    public override Tensor forward(Tensor u, Tensor q)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = q.add(u, alpha: _gamma);
        for (int layer = 0; layer < _pairs.Count; layer++)
        {
            Tensor sum = _pairs[layer].call(x).add_(x);
            x = _norms[layer].call(nn.functional.leaky_relu(sum, ConvolutionPair.Slope, inplace: true));
        }

        return x.MoveToOuterDisposeScope();
    }
}
