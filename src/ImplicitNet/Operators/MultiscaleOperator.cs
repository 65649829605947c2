using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// R of a multiscale deep equilibrium model (Bai, Koltun and Kolter, "Multiscale deep equilibrium models", NeurIPS 2020): images at several
/// scales, each half as large as the one before, have one fixed point together. A residual block at every scale, then each scale hears
/// every other.
/// </summary>
/// <remarks>
/// <para>
/// Block: <c>v = norm(ReLU(u + norm(W2 ReLU(norm(W1 u)) + q)))</c> with convolutions of 3 x 3, W1 to <c>expansion</c> times the channels; q
/// goes to the first scale alone. Fusion: <c>norm(W3 ReLU(v + sum of what is heard))</c>, W3 of 1 x 1; down by convolutions of 3 x 3 and
/// stride 2, up by one of 1 x 1 and the nearest pixel, each with its norm. One scale alone is the block. Norms are group normalisations: no
/// sample looks at another.
/// </para>
/// <para>
/// A latent is one matrix [batch, n], the scales one after the other with channels last: <see cref="Scales"/> takes it apart, and has the
/// norm for a <see cref="StoppingRule"/> in which no scale drowns in another. q is [batch, channels of the first scale, height, width].
/// Nothing is known about the contraction: watch the statuses. In float32 or float64.
/// </para>
/// <para>
/// With norms and weights of any length such a network has no fixed point that a solver finds, drawn or trained: a norm and ReLU behind
/// a convolution pull neighbours apart, and what hears no q drifts. So three lengths are fixed where latents come back to themselves:
/// each row of W2 has 0.3 (weight normalisation, Salimans and Kingma 2016), the weight of the last norm of a scale is 0.5, and that of
/// the last norm of what is heard of a scale without q, by itself too, 0.25; their biases are learned. Solves of new weights to 1e-3
/// then take some ten steps, and training leaves that slowly; <see cref="JacobianPenalty"/> holds it.
/// </para>
/// </remarks>
public sealed class MultiscaleOperator : LatentOperator
{
    // Half as many groups as elsewhere, as in the published networks.
    private const int FusionGroups = 4;

    // Weights of norms that are not learned: the last of a scale, and the last of what is heard of a scale that hears no q.
    private const double LastWeight = 0.5, QuietWeight = 0.25;

    private const int LongestSide = 1 << 14;
    private const int MostChannels = 4096;
    private const int MostExpansion = 64;

    private readonly ScaleBlock[] _blocks;
    private readonly ScalePath?[,] _paths;
    private readonly (Conv2d Convolution, GroupNormalization Normalization)[] _fusions;
    private readonly (long Channels, int Height, int Width) _first;
    private readonly int _injected;

    /// <summary>Creates the operator with weights drawn as in torch.nn.Conv2d (Kaiming uniform, a = sqrt 5).</summary>
    /// <param name="channels">Channels of every scale, from the largest images to the smallest; at least one scale.</param>
    /// <param name="imageSize">(height, width) of the first scale; those of the others are halved and rounded up.</param>
    /// <param name="expansion">By how much W1 widens the channels; at least 1; default 5.</param>
    /// <param name="dropout">
    /// Share of the numbers behind W2 that training sets to 0, in [0, 1); default 0. The masks are drawn when q is bound: a solve and its
    /// gradient have one R.
    /// </param>
    /// <param name="dtype">float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">A value is out of its range, or there is no memory for the weights.</exception>
    public MultiscaleOperator(
        IReadOnlyList<long> channels, (int Height, int Width) imageSize, int expansion = 5, double dropout = 0,
        ScalarType dtype = ScalarType.Float32)
        : this([.. (channels ?? throw new ArgumentNullException(nameof(channels))).Index().Select(scale => (scale.Item, scale.Index))],
            imageSize, expansion, dropout, dtype)
    {
    }

    /// <summary>Creates it with the scales in any order; one of them has images of the given size.</summary>
    /// <param name="scales">Channels, and how often the images are halved.</param>
    /// <param name="imageSize">As above.</param>
    /// <param name="expansion">As above.</param>
    /// <param name="dropout">As above.</param>
    /// <param name="dtype">As above.</param>
    internal MultiscaleOperator(
        (long Channels, int Halvings)[] scales, (int Height, int Width) imageSize, int expansion, double dropout, ScalarType dtype)
        : base(nameof(MultiscaleOperator))
    {
        EnsureFit([.. scales.Select(scale => scale.Channels)], imageSize, expansion, dropout, dtype);
        (int Height, int Width)[] sizes =
            [.. scales.Select(scale => (Halved(imageSize.Height, scale.Halvings), Halved(imageSize.Width, scale.Halvings)))];
        Scales = LatentTuple.OfImages([.. scales.Zip(sizes, (scale, size) => (scale.Channels, (long)size.Height, (long)size.Width))]);
        Dropout = dropout;
        _injected = Array.FindIndex(scales, scale => scale.Halvings == 0);
        _first = (scales[_injected].Channels, imageSize.Height, imageSize.Width);

        // For the tensors that torch's layers leave behind when they draw their weights; the weights themselves stay.
        using DisposeScope scope = NewDisposeScope();
        int count = scales.Length;
        double? Weight(int from) => from == _injected ? null : QuietWeight;
        _blocks = [.. scales.Index().Select(scale => new ScaleBlock(
            scale.Item.Channels, expansion * scale.Item.Channels, count == 1 ? LastWeight : Weight(scale.Index), dtype))];
        _paths = new ScalePath?[count, count];
        _fusions = count == 1 ? [] : [.. scales.Select(scale => (
            nn.Conv2d(scale.Channels, scale.Channels, 1, bias: false, dtype: dtype),
            new GroupNormalization(scale.Channels, dtype, FusionGroups, LastWeight)))];
        for (int to = 0; to < count; to++)
        {
            register_module($"block{to + 1}", _blocks[to]);
            for (int from = 0; from < count; from++)
            {
                if (from != to)
                {
                    int halvings = scales[to].Halvings - scales[from].Halvings;
                    ScalePath path = new(scales[from].Channels, scales[to].Channels, halvings, sizes[to], Weight(from), dtype);
                    _paths[from, to] = path;
                    register_module($"path{from + 1}to{to + 1}", path);
                }
            }
        }

        foreach ((int place, (Conv2d convolution, GroupNormalization normalization)) in _fusions.Index())
        {
            register_module($"fusion{place + 1}", convolution);
            register_module($"normalization{place + 1}", normalization);
        }
    }

    /// <summary>The scales of a latent: images of [batch, channels, height, width], channels last in memory.</summary>
    public LatentTuple Scales { get; }

    /// <summary>Share of the numbers behind W2 that training sets to 0.</summary>
    public double Dropout { get; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">q is no batch of images of the first scale, or of another dtype or device than the
    /// weights.</exception>
    public override FixedPointMap Bind(Tensor q)
    {
        EnsureFits(q);
        using DisposeScope scope = NewDisposeScope();
        Tensor[] inputs = [ChannelsLast(q), .. training && Dropout > 0 ? Masks(q) : []];
        inputs = [.. inputs.Select(input => input.DetachFromDisposeScope())];
        return new PerSampleMap(
            Evaluate,
            new MapInputs { PerSample = inputs, Parameters = parameters().Where(parameter => parameter.requires_grad), Owned = inputs })
        {
            IsOwn = true,
        };
    }

    /// <summary>Zeros.</summary>
    /// <param name="q">[batch, channels of the first scale, height, width].</param>
    /// <returns>[batch, n]. The caller owns it.</returns>
    public override Tensor StartingLatent(Tensor q)
    {
        EnsureFits(q);
        using IDisposable noGraph = no_grad();
        return Scales.Zeros(q.shape[0], q.dtype, q.device);
    }

    private Tensor Evaluate(Tensor latent, MapInputs inputs)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] parts = [.. Scales.Unpack(latent).Select(ChannelsLast)];
        Tensor[] blocks = new Tensor[parts.Length];
        for (int place = 0; place < parts.Length; place++)
        {
            Tensor? mask = inputs.PerSample.Count > 1 ? inputs.PerSample[1 + place] : null;
            blocks[place] = _blocks[place].Apply(parts[place], place == _injected ? inputs.PerSample[0] : null, mask);
        }

        return Scales.Pack(_fusions.Length == 0 ? blocks : Fused(blocks)).MoveToOuterDisposeScope();
    }

    private Tensor[] Fused(Tensor[] blocks)
    {
        Tensor[] fused = new Tensor[blocks.Length];
        for (int to = 0; to < fused.Length; to++)
        {
            Tensor? sum = null;
            for (int from = 0; from < blocks.Length; from++)
            {
                if (_paths[from, to] is { } path)
                {
                    sum = path.call(blocks[from]).add_(sum ?? blocks[to]);
                }
            }

            (Conv2d convolution, GroupNormalization normalization) = _fusions[to];
            fused[to] = normalization.Apply(convolution.call(sum!.relu_()));
        }

        return fused;
    }

    private Tensor[] Masks(Tensor q)
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor all = SampleDraws.Mask([q.shape[0], Scales.Size], Dropout, q);
        return [.. Scales.Unpack(all).Select(mask => ChannelsLast(mask).MoveToOuterDisposeScope())];
    }

    /// <summary>The same with channels last in memory, as convolutions read it fastest.</summary>
    private static Tensor ChannelsLast(Tensor image) => image.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    private static int Halved(int side, int halvings) => Enumerable.Range(0, halvings).Aggregate(side, (length, _) => (length + 1) / 2);

    private void EnsureFits(Tensor q)
    {
        TensorCheck.EnsureBatch(q, nameof(q), "q");
        if (q.ndim != 4 || q.shape[1] != _first.Channels || q.shape[2] != _first.Height || q.shape[3] != _first.Width)
        {
            throw new ArgumentException(
                $"q must be images of the first scale, [batch, {_first.Channels}, {_first.Height}, {_first.Width}]. "
                    + $"Given: {TensorCheck.Shape(q)}.",
                nameof(q));
        }

        TensorCheck.EnsureLike(q, parameters().First(), nameof(q), "q");
    }

    private static void EnsureFit(
        long[] channels, (int Height, int Width) imageSize, int expansion, double dropout, ScalarType dtype)
    {
        if (channels.Length == 0 || channels.Any(count => count is < 1 or > MostChannels))
        {
            throw new ArgumentException(
                $"There is at least one scale, each of 1 to {MostChannels} channels. Given: [{string.Join(", ", channels)}].",
                nameof(channels));
        }

        foreach (int side in (int[])[imageSize.Height, imageSize.Width])
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(side, 1, nameof(imageSize));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(side, LongestSide, nameof(imageSize));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(expansion, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(expansion, MostExpansion);
        if (dropout is not (>= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(dropout), dropout, "The dropout must be in [0, 1).");
        }

        if (dtype is not (ScalarType.Float32 or ScalarType.Float64))
        {
            throw new ArgumentException($"The weights are float32 or float64. Given: {dtype}.", nameof(dtype));
        }
    }
}
