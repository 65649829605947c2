using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using ImplicitNet.Kernels.Winograd;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// What a <see cref="ResidualLatent"/> computes where nothing is trained, sample by sample: all layers of one while it is in the cache.
/// </summary>
/// <remarks>Prepared weights are kept and recognised by their bytes; batch normalisation is folded anew in every call.</remarks>
internal sealed class FusedResidualLatent
{
    private readonly IReadOnlyList<ConvolutionPair> _pairs;
    private readonly IReadOnlyList<BatchNorm2d> _norms;
    private readonly IReadOnlyList<(RememberedKernel First, RememberedKernel Second)> _kernels;
    private readonly double _gamma;

    /// <summary>Of the layers of a latent, which stay its own.</summary>
    public FusedResidualLatent(IReadOnlyList<ConvolutionPair> pairs, IReadOnlyList<BatchNorm2d> norms, double gamma)
    {
        (_pairs, _norms, _gamma) = (pairs, norms, gamma);
        _kernels = [.. pairs.Select(_ => (new RememberedKernel(), new RememberedKernel()))];
    }

    /// <summary>R(u, q).</summary>
    /// <param name="u">[batch, channels, height, width].</param>
    /// <param name="q">The shape of u.</param>
    /// <returns>
    /// A new tensor in the caller's dispose scope; null, and nothing done, with gradients, in training mode, or where torch's convolution
    /// is the faster
    /// one or the only one.
    /// </returns>
    public Tensor? TryApply(Tensor u, Tensor q)
    {
        long channels = _pairs[0].First.weight!.shape[0];
        if (is_grad_enabled() || !WinogradConvolution.IsUsed || _norms.Any(norm => norm.training) || _pairs.Any(pair => pair.training)
            || !u.shape.AsSpan().SequenceEqual(q.shape)
            || !ImageRows.Fit(u, channels) || !ImageRows.Fit(q, channels)
            || !_pairs.All(pair => WinogradConvolution.Fits(pair.First.weight!) && WinogradConvolution.Fits(pair.Second.weight!)))
        {
            return null;
        }

        Layer[] layers = [.. Enumerable.Range(0, _pairs.Count).Select(Prepare)];
        (Tensor images, ImageRows output) = ImageRows.Empty(u.shape);
        Apply(layers, ImageRows.Of(u), ImageRows.Of(q), output);
        return images;
    }

    private static void Apply(Layer[] layers, ImageRows u, ImageRows q, ImageRows output) =>
        u.ForEach(WinogradConvolution.SamplesAtOnce(u.Size), (first, count) =>
        {
            int length = count * u.SampleSize;
            float[] memory = ArrayPool<float>.Shared.Rent(length);
            Span<float> branch = memory.AsSpan(0, length);
            Span<float> x = output.Samples(first, count);
            Add(u.Samples(first, count), q.Samples(first, count), x);
            foreach (Layer layer in layers)
            {
                layer.First.Apply(x, branch, u.Size, new ChannelActivation(layer.FirstBias, (float)ConvolutionPair.Slope));
                layer.Second.Apply(
                    branch, x, u.Size, new ScaledResidual(x, layer.SecondBias, (float)ResidualLatent.SlopeOfTwo, layer.Scale, layer.Shift));
            }

            ArrayPool<float>.Shared.Return(memory);
        });

    private static void Add(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> sum)
    {
        // Channels come in multiples of a vector, so that nothing is left over.
        ReadOnlySpan<Vector<float>> x = MemoryMarshal.Cast<float, Vector<float>>(a), y = MemoryMarshal.Cast<float, Vector<float>>(b);
        Span<Vector<float>> to = MemoryMarshal.Cast<float, Vector<float>>(sum);
        for (int place = 0; place < to.Length; place++)
        {
            to[place] = x[place] + y[place];
        }
    }

    private Layer Prepare(int place)
    {
        using DisposeScope scope = NewDisposeScope();
        (ConvolutionPair pair, BatchNorm2d norm) = (_pairs[place], _norms[place]);
        double factor = place == _pairs.Count - 1 ? _gamma : 1;
        Tensor scale = (norm.running_var! + norm.eps).rsqrt() * factor;
        return new Layer(
            _kernels[place].First.Of(pair.First.weight!),
            Values(pair.First.bias!),
            _kernels[place].Second.Of(pair.Second.weight!),
            Values(pair.Second.bias!),
            Values(scale),
            Values(norm.running_mean! * -scale));
    }

    private static float[] Values(Tensor tensor) => [.. tensor.detach().data<float>()];

    private sealed record Layer(
        WinogradConvolution First, float[] FirstBias, WinogradConvolution Second, float[] SecondBias, float[] Scale, float[] Shift);
}
