using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>W = (1 - m) I - A^T A + B - B^T</c> over images at several scales, each half as large as the one before: a multi-tier
/// <see cref="MonotoneLayer"/>. A and B convolve every tier with itself, and each with the next by a convolution of stride 2.
/// </summary>
/// <remarks>
/// A latent is the tiers one after the other, [batch, n]: <see cref="Join"/> and <see cref="Split"/>. Zero padding. W is applied in pieces,
/// so that I - W has m exactly, whatever the weights; its resolvent is found by GMRES. One product costs three convolutions a tier and four
/// between two. After the multi-tier networks of Winston and Kolter, NeurIPS 2020.
/// </remarks>
public sealed class MonotonePyramid : MonotoneLayer
{
    private readonly long[] _channels;
    private readonly (int Height, int Width)[] _sizes;
    private readonly FrequencyGrid[] _grids;
    private readonly int _radius;

    /// <summary>Creates the layer with weights drawn as in torch.nn.Conv2d (Kaiming uniform, a = sqrt 5).</summary>
    /// <param name="channels">Channels of every tier, from the largest images to the smallest; at least one tier.</param>
    /// <param name="imageSize">(height, width) of the first tier; those of the others are halved and rounded up.</param>
    /// <param name="kernelSize">k, odd; default 3.</param>
    /// <param name="monotonicity">m, above 0; default 1.</param>
    /// <param name="dtype">float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// A value is out of its range, a weight would have more than 2^29 numbers, or there is no memory for it.
    /// </exception>
    public MonotonePyramid(
        IReadOnlyList<long> channels,
        (int Height, int Width) imageSize,
        int kernelSize = 3,
        double monotonicity = 1,
        ScalarType dtype = ScalarType.Float32)
        : base(nameof(MonotonePyramid), monotonicity)
    {
        ArgumentNullException.ThrowIfNull(channels);
        if (channels.Count == 0 || channels.Any(count => count < 1))
        {
            throw new ArgumentException(
                $"A pyramid has at least one tier, each of at least one channel. Given: [{string.Join(", ", channels)}].",
                nameof(channels));
        }

        if (kernelSize < 1 || kernelSize % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernelSize), kernelSize, "The kernel's side must be odd and at least 1.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(imageSize.Height, 1, nameof(imageSize));
        ArgumentOutOfRangeException.ThrowIfLessThan(imageSize.Width, 1, nameof(imageSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(imageSize.Height, LongestSide, nameof(imageSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(imageSize.Width, LongestSide, nameof(imageSize));
        _channels = [.. channels];
        _radius = kernelSize / 2;
        _sizes = new (int, int)[_channels.Length];
        for (int tier = 0; tier < _sizes.Length; tier++)
        {
            _sizes[tier] = tier == 0 ? imageSize : ((_sizes[tier - 1].Height + 1) / 2, (_sizes[tier - 1].Width + 1) / 2);
        }

        _grids = [.. _sizes.Select(size => FrequencyGrid.ForImages(size.Height, size.Width, kernelSize))];
        for (int tier = 0; tier < Tiers; tier++)
        {
            Register("symmetric", tier, [_channels[tier], _channels[tier], kernelSize, kernelSize], dtype);
            Register("skew", tier, [_channels[tier], _channels[tier], kernelSize, kernelSize], dtype);
            if (tier < Tiers - 1)
            {
                Register("symmetric_down", tier, [_channels[tier + 1], _channels[tier], kernelSize, kernelSize], dtype);
                Register("skew_down", tier, [_channels[tier + 1], _channels[tier], kernelSize, kernelSize], dtype);
            }
        }
    }

    /// <summary>Of A, each tier with itself: [c, c, k, k].</summary>
    public IReadOnlyList<Parameter> Symmetric => Named("symmetric", Tiers);

    /// <summary>Of A, each tier to the next: [next c, c, k, k]; one fewer.</summary>
    public IReadOnlyList<Parameter> SymmetricDown => Named("symmetric_down", Tiers - 1);

    /// <summary>Of B, each tier with itself: [c, c, k, k].</summary>
    public IReadOnlyList<Parameter> Skew => Named("skew", Tiers);

    /// <summary>Of B, each tier to the next: [next c, c, k, k]; one fewer.</summary>
    public IReadOnlyList<Parameter> SkewDown => Named("skew_down", Tiers - 1);

    /// <inheritdoc/>
    public override Parameter Weight => Named("symmetric", 1)[0];

    private int Tiers => _channels.Length;

    private long[] Lengths => [.. _channels.Zip(_sizes, (channels, size) => channels * size.Height * size.Width)];

    /// <summary>The tiers of a latent.</summary>
    /// <param name="latent">[batch, n].</param>
    /// <returns>Views, [batch, c, height, width] of every tier. The caller owns them.</returns>
    public IReadOnlyList<Tensor> Split(Tensor latent)
    {
        EnsureFits(latent, nameof(latent), "The latent");
        return [.. latent.split(Lengths, 1).Zip(
            _channels.Zip(_sizes), (rows, tier) => rows.reshape(-1, tier.First, tier.Second.Height, tier.Second.Width))];
    }

    /// <summary>The latent, or the q, of its tiers.</summary>
    /// <param name="tiers">[batch, c, height, width] of every tier.</param>
    /// <returns>[batch, n]. The caller owns it.</returns>
    public static Tensor Join(params IReadOnlyList<Tensor> tiers)
    {
        ArgumentNullException.ThrowIfNull(tiers);
        return cat([.. tiers.Select(tier => tier.flatten(1))], 1);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Prepare()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] pieces =
        [
            .. Symmetric.Select(weight => weight.alias()),
            .. SymmetricDown.Select(weight => weight.alias()),
            .. Skew.Select(weight => weight - weight.transpose(0, 1).flip(2, 3)),
            .. SkewDown.Select(weight => weight.alias()),
        ];
        return [.. pieces.Select(piece => piece.MoveToOuterDisposeScope())];
    }

    /// <inheritdoc/>
    public override Tensor Product(Tensor input, IReadOnlyList<Tensor> prepared, bool isTransposed = false)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        using DisposeScope scope = NewDisposeScope();
        Pieces pieces = new(prepared, Tiers);
        IReadOnlyList<Tensor> tiers = Split(input);
        Tensor[] middle = new Tensor[Tiers];
        for (int tier = 0; tier < Tiers; tier++)
        {
            Tensor own = Convolved(tiers[tier], pieces.Symmetric(tier));
            middle[tier] = tier == 0 ? own : own + Down(tiers[tier - 1], pieces.SymmetricDown(tier - 1));
        }

        Tensor[] sums = new Tensor[Tiers];
        double sign = isTransposed ? -1 : 1;
        for (int tier = 0; tier < Tiers; tier++)
        {
            Tensor gram = Back(middle[tier], pieces.Symmetric(tier));
            Tensor skew = Convolved(tiers[tier], pieces.Skew(tier));
            if (tier > 0)
            {
                skew = skew + Down(tiers[tier - 1], pieces.SkewDown(tier - 1));
            }

            if (tier < Tiers - 1)
            {
                gram = gram + Up(middle[tier + 1], pieces.SymmetricDown(tier), _sizes[tier]);
                skew = skew - Up(tiers[tier + 1], pieces.SkewDown(tier), _sizes[tier]);
            }

            sums[tier] = (tiers[tier] * (1 - Monotonicity)) - gram + (skew * sign);
        }

        return Join(sums).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override MonotoneNorms BoundNorms(IReadOnlyList<Tensor> prepared)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Pieces pieces = new(prepared, Tiers);

        // The norm of an operator in blocks is at most that of the matrix of the blocks' norms; leaving out every second pixel lowers it.
        double[,] symmetric = new double[Tiers, Tiers];
        double[,] skew = new double[Tiers, Tiers];
        for (int tier = 0; tier < Tiers; tier++)
        {
            symmetric[tier, tier] = ScaledBound.Of(pieces.Symmetric(tier), _grids[tier].UpperBound);
            skew[tier, tier] = ScaledBound.Of(pieces.Skew(tier), _grids[tier].UpperBound);
            if (tier < Tiers - 1)
            {
                symmetric[tier + 1, tier] = ScaledBound.Of(pieces.SymmetricDown(tier), _grids[tier].UpperBound);
                double between = ScaledBound.Of(pieces.SkewDown(tier), _grids[tier].UpperBound);
                (skew[tier + 1, tier], skew[tier, tier + 1]) = (between, between);
            }
        }

        double a = SpectralNorm.LargestSingularValue(tensor(symmetric));
        double s = SpectralNorm.LargestSingularValue(tensor(skew));
        return new MonotoneNorms(Monotonicity + (a * a) + s, Monotonicity + (a * a), s);
    }

    /// <inheritdoc/>
    protected override double LeastMonotonicity(IReadOnlyList<Tensor> prepared) =>
        prepared.All(piece => piece.isfinite().all().ToBoolean()) ? Monotonicity : double.NaN;

    /// <inheritdoc/>
    protected override bool Fits(long[] shape) => shape.Length == 2 && shape[1] == Lengths.Sum();

    /// <inheritdoc/>
    protected override string Shape => $"[batch, {Lengths.Sum()}]: the tiers "
        + string.Join(", ", _channels.Zip(_sizes, (channels, size) => $"[{channels}, {size.Height}, {size.Width}]"));

    private Tensor Convolved(Tensor image, Tensor kernel) => nn.functional.conv2d(image, kernel, padding: [_radius, _radius]);

    private Tensor Back(Tensor image, Tensor kernel) => nn.functional.conv_transpose2d(image, kernel, padding: [_radius, _radius]);

    private Tensor Down(Tensor image, Tensor kernel) =>
        nn.functional.conv2d(image, kernel, strides: [2, 2], padding: [_radius, _radius]);

    /// <summary>The transpose of <see cref="Down"/>, to images of a size.</summary>
    private Tensor Up(Tensor image, Tensor kernel, (int Height, int Width) size) => nn.functional.conv_transpose2d(
        image, kernel, strides: [2, 2], padding: [_radius, _radius],
        output_padding: [1 - (size.Height % 2), 1 - (size.Width % 2)]);

    private void Register(string name, int tier, long[] shape, ScalarType dtype) =>
        register_parameter($"{name}{tier + 1}", Drawn(shape, dtype));

    // By name: a module that moves to another dtype or device has other parameters afterwards.
    private Parameter[] Named(string name, int count) =>
        [.. Enumerable.Range(1, count).Select(tier => get_parameter($"{name}{tier}")!)];

    /// <summary>What was prepared, by name.</summary>
    private readonly record struct Pieces(IReadOnlyList<Tensor> All, int Tiers)
    {
        public Tensor Symmetric(int tier) => All[tier];

        public Tensor SymmetricDown(int tier) => All[Tiers + tier];

        public Tensor Skew(int tier) => All[(2 * Tiers) - 1 + tier];

        public Tensor SkewDown(int tier) => All[(3 * Tiers) - 1 + tier];
    }
}
