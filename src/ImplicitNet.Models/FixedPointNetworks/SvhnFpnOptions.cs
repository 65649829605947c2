using System.Text.Json.Serialization;
using ImplicitNet.Networks;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// Sizes of a <see cref="SvhnFpn"/>. The defaults are those published, for colour images of 32 x 32 in 10 classes, with gamma 0.9; sides of
/// at
/// least 9 pixels.
/// </summary>
public sealed record SvhnFpnOptions() : ScaledClassifierOptions(leastSide: SvhnLayers.LeastSide, side: 32, imageChannels: 3, gamma: 0.9)
{
    internal const string Name = "svhn-fpn";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <inheritdoc/>
    [JsonIgnore]
    public override (int Channels, int Height, int Width) LatentShape =>
        (SvhnLayers.Channels, SvhnLayers.LatentSide(Height), SvhnLayers.LatentSide(Width));

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers => Convolution(ImageChannels, 16)
        + (2 * LatentLayers * Convolution(SvhnLayers.Channels, SvhnLayers.Channels)) + SvhnLayers.LeastReadoutNumbers(LatentShape, Classes);

    /// <summary>Layers of R; 1 to 256; default 1.</summary>
    public int LatentLayers { get; init => field = Within(value, 1, MostLayers, nameof(LatentLayers)); } = 1;

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => SvhnFpn.Create(this);
}
