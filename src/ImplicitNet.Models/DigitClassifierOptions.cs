using System.Text.Json.Serialization;
using ImplicitNet.Networks;

namespace ImplicitNet.Models;

/// <summary>
/// Sizes of a <see cref="DigitClassifier"/>. The defaults are for grey images of 28 x 28 in 10 classes, with gamma 0.5: 35,856 parameters.
/// Images must have sides of at least 9 pixels (a latent of 3).
/// </summary>
public sealed record DigitClassifierOptions() : ScaledClassifierOptions(leastSide: 9, side: 28, imageChannels: 1, gamma: 0.5)
{
    internal const string Name = "digit-classifier";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <inheritdoc/>
    [JsonIgnore]
    public override (int Channels, int Height, int Width) LatentShape => (LatentChannels, Height / 3, Width / 3);

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers
    {
        get
        {
            long half = LatentChannels / 2;
            long latent = Convolution(LatentChannels, LatentChannels);
            long ends = Convolution(ImageChannels, half) + (2 * Convolution(half, LatentChannels));
            return ends + ((2 + (2L * ResidualBlocks)) * latent) + (half * ((Height / 3) - 2) * ((Width / 3) - 2) * Classes);
        }
    }

    /// <summary>Channels of the latent; 2 to 4096; default 32. The first and last layers have half as many.</summary>
    public int LatentChannels { get; init => field = Within(value, 2, MostChannels, nameof(LatentChannels)); } = 32;

    /// <summary>
    /// Residual blocks in the encoder, of two 3 x 3 convolutions each; 0 to 256; default 0. With one the network has 54,352
    /// parameters, as many as the published one with two latent layers.
    /// </summary>
    public int ResidualBlocks { get; init => field = Within(value, 0, MostLayers, nameof(ResidualBlocks)); }

    /// <summary>Slope of every LeakyReLU left of 0, in [0, 1]; default 0.1.</summary>
    public double Slope
    {
        get;
        init => field = value is >= 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Slope), value, "The slope must be in [0, 1].");
    } = 0.1;

    /// <summary>Share of the readout's channels dropped in training, in [0, 1); default 0.2.</summary>
    public double Dropout
    {
        get;
        init => field = value is >= 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Dropout), value, "The dropout must be in [0, 1).");
    } = 0.2;

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => DigitClassifier.Create(this);
}
