using System.Text.Json.Serialization;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;

namespace ImplicitNet.Models;

/// <summary>
/// Sizes of a <see cref="MultiscaleClassifier"/>. The defaults are for colour images of 32 x 32 in 10 classes: two scales of 24 channels,
/// 166,786 parameters.
/// </summary>
public sealed record MultiscaleClassifierOptions() : ClassifierOptions(leastSide: 1, side: 32, imageChannels: 3)
{
    internal const string Name = "multiscale-classifier";

    /// <summary>The most scales: images of 128 pixels are a single one in the eighth.</summary>
    internal const int MostScales = 8;

    private const int MostExpansion = 64;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <summary>Shape of the first scale of an image's latent, which is a matrix of all scales: (channels, height, width).</summary>
    [JsonIgnore]
    public override (int Channels, int Height, int Width) LatentShape => (LatentChannels, Height, Width);

    /// <summary>Scales, each half as large as the one before; 1 to 8; default 2.</summary>
    public int Scales { get; init => field = Within(value, 1, MostScales, nameof(Scales)); } = 2;

    /// <summary>Channels of every scale; 1 to 4096; default 24.</summary>
    public int LatentChannels { get; init => field = Within(value, 1, MostChannels, nameof(LatentChannels)); } = 24;

    /// <summary>By how much the blocks widen the channels inside; 1 to 64; default 5.</summary>
    public int Expansion { get; init => field = Within(value, 1, MostExpansion, nameof(Expansion)); } = 5;

    /// <summary>Channels that the readout makes of each scale before it takes their mean; 1 to 4096; default 120.</summary>
    public int HeadChannels { get; init => field = Within(value, 1, MostChannels, nameof(HeadChannels)); } = 120;

    /// <summary>Share of the numbers inside the blocks dropped in training, by one mask for each solve; in [0, 1); default 0.</summary>
    public double Dropout
    {
        get;
        init => field = value is >= 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Dropout), value, "The dropout must be in [0, 1).");
    }

    /// <inheritdoc/>
    [JsonIgnore]
    internal override string DefaultSolver => Explicit ? SolverChoice.Default : SolverChoice.Anderson;

    /// <inheritdoc/>
    [JsonIgnore]
    internal override StoppingRule Rule => new() { Norm = Latent.Norm };

    /// <inheritdoc/>
    [JsonIgnore]
    internal override IReadOnlyList<(int Height, int Width)> LatentSizes
    {
        get
        {
            List<(int Height, int Width)> sizes = [(Height, Width)];
            while (sizes.Count < Scales)
            {
                sizes.Add(((sizes[^1].Height + 1) / 2, (sizes[^1].Width + 1) / 2));
            }

            return sizes;
        }
    }

    /// <summary>An image's latent.</summary>
    [JsonIgnore]
    internal LatentTuple Latent =>
        LatentTuple.OfImages([.. LatentSizes.Select(size => ((long)LatentChannels, (long)size.Height, (long)size.Width))]);

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers
    {
        get
        {
            long square = Convolution(LatentChannels, LatentChannels);
            long paths = Scales * (Scales - 1) / 2 * (square + Convolution(LatentChannels, LatentChannels, 1));
            return Convolution(ImageChannels, LatentChannels) + (2 * Scales * Expansion * square) + paths
                + (Scales * (Convolution(LatentChannels, HeadChannels) + ((long)HeadChannels * Classes)));
        }
    }

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => MultiscaleClassifier.Create(this);
}
