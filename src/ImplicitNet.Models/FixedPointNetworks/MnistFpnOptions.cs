using System.Text.Json.Serialization;
using ImplicitNet.Networks;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// Sizes of a <see cref="MnistFpn"/>. The defaults are those published, for grey images of 28 x 28 in 10 classes, with gamma 0.95; sides of
/// at
/// least 9 pixels.
/// </summary>
public sealed record MnistFpnOptions() : ScaledClassifierOptions(leastSide: 9, side: 28, imageChannels: 1, gamma: 0.95)
{
    internal const string Name = "mnist-fpn";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <inheritdoc/>
    [JsonIgnore]
    public override (int Channels, int Height, int Width) LatentShape => (MnistFpn.Channels, Height / 3, Width / 3);

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers => Convolution(ImageChannels, 16) + Convolution(16, MnistFpn.Channels)
        + (2 * LatentLayers * Convolution(MnistFpn.Channels, MnistFpn.Channels)) + SvhnLayers.LeastReadoutNumbers(LatentShape, Classes);

    /// <summary>Layers of R; 1 to 256; default 1.</summary>
    public int LatentLayers { get; init => field = Within(value, 1, MostLayers, nameof(LatentLayers)); } = 1;

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => MnistFpn.Create(this);
}
