using ImplicitNet.Kernels;
using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// R of the published MNIST and SVHN networks: <c>x = u + q</c>; in every layer <c>x = norm(x + LeakyReLU(LeakyReLU(pair(x))))</c>;
/// the value is <c>gamma x</c>. The norm is batch normalisation without weights.
/// </summary>
internal sealed class ResidualLatent : nn.Module<Tensor, Tensor, Tensor>, IKernelModule
{
    // The published networks apply LeakyReLU twice in a row: that is one with the square of the slope.
    internal const double SlopeOfTwo = ConvolutionPair.Slope * ConvolutionPair.Slope;

    [ComponentName(Name = "latent_convs")]
    private readonly ModuleList<ConvolutionPair> _pairs;

    [ComponentName(Name = "lat_batch_norm")]
    private readonly ModuleList<BatchNormalization> _norms;
    private readonly double _gamma;
    private readonly FusedResidualLatent _fused;

    public ResidualLatent(long channels, int layers, double gamma)
        : base(nameof(ResidualLatent))
    {
        _pairs = nn.ModuleList([.. Enumerable.Range(0, layers).Select(_ => new ConvolutionPair(channels))]);
        _norms = nn.ModuleList([.. Enumerable.Range(0, layers).Select(_ => new BatchNormalization(channels, isAffine: false))]);
        _gamma = gamma;
        _fused = new FusedResidualLatent([.. _pairs], [.. _norms], gamma);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public SampleKernel? TryKernel(Tensor start, Tensor q) => _fused.TryKernel(start, q);

    public override Tensor forward(Tensor u, Tensor q)
    {
        if (_fused.TryApply(u, q) is { } fused)
        {
            return fused;
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor x = u + q;
        for (int layer = 0; layer < _pairs.Count; layer++)
        {
            Tensor branch = nn.functional.leaky_relu(_pairs[layer].call(x), SlopeOfTwo, inplace: true);
            x = _norms[layer].call(x + branch);
        }

        return x.mul_(_gamma).MoveToOuterDisposeScope();
    }
}
