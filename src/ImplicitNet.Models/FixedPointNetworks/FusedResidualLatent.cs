using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using ImplicitNet.Kernels;
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
    private readonly IReadOnlyList<BatchNorm> _norms;
    private readonly IReadOnlyList<(RememberedKernel First, RememberedKernel Second)> _kernels;
    private readonly double _gamma;

    /// <summary>Of the layers of a latent, which stay its own.</summary>
    public FusedResidualLatent(IReadOnlyList<ConvolutionPair> pairs, IReadOnlyList<BatchNorm> norms, double gamma)
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
        if (!Fits(u, q))
        {
            return null;
        }

        ImageRows from = ImageRows.Of(u), added = ImageRows.Of(q);
        (Tensor images, ImageRows to) = ImageRows.Empty(u.shape);
        Kernel kernel = KernelOf(added);
        from.ForEach(kernel.AtOnce, (first, count) =>
            kernel.Apply(from.Samples(first, count), added.Samples(first, count), to.Samples(first, count)));
        return images;
    }

    /// <summary>The same as a kernel, for any u of one shape.</summary>
    /// <param name="start">One of them.</param>
    /// <param name="q">The shape of u; it must outlive the kernel.</param>
    /// <returns>Null where <see cref="TryApply"/> would return null.</returns>
    public SampleKernel? TryKernel(Tensor start, Tensor q) => Fits(start, q) ? KernelOf(ImageRows.Of(q)) : null;

    private bool Fits(Tensor u, Tensor q)
    {
        long channels = _pairs[0].First.weight!.shape[0];
        return !is_grad_enabled() && WinogradConvolution.IsUsed && !_norms.Any(norm => norm.training) && !_pairs.Any(pair => pair.training)
            && u.shape.AsSpan().SequenceEqual(q.shape) && ImageRows.Fit(u, channels) && ImageRows.Fit(q, channels)
            && _pairs.All(pair => WinogradConvolution.Fits(pair.First.weight!) && WinogradConvolution.Fits(pair.Second.weight!));
    }

    private Kernel KernelOf(ImageRows q) => new(q, [.. Enumerable.Range(0, _pairs.Count).Select(Prepare)])
    {
        Size = q.SampleSize,
        AtOnce = WinogradStrip.SamplesAtOnce(q.Size),
    };

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
        (ConvolutionPair pair, BatchNorm norm) = (_pairs[place], _norms[place]);
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

    private sealed class Kernel(ImageRows q, Layer[] layers) : SampleKernel
    {
        public override ReadOnlySpan<float> Input(int sample) => q.Samples(sample, 1);

        public override void Apply(ReadOnlySpan<float> samples, ReadOnlySpan<float> inputs, Span<float> values)
        {
            float[] memory = ArrayPool<float>.Shared.Rent(values.Length);
            Span<float> branch = memory.AsSpan(0, values.Length);
            Add(samples, inputs, values);
            foreach (Layer layer in layers)
            {
                layer.First.Apply(values, branch, q.Size, new ChannelActivation(layer.FirstBias, (float)ConvolutionPair.Slope));
                layer.Second.Apply(
                    branch, values, q.Size,
                    new ScaledResidual(values, layer.SecondBias, (float)ResidualLatent.SlopeOfTwo, layer.Scale, layer.Shift));
            }

            ArrayPool<float>.Shared.Return(memory);
        }
    }
}
