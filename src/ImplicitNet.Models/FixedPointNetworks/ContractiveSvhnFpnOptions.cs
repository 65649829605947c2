using System.Text.Json.Serialization;
using ImplicitNet.Networks;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// Sizes of a <see cref="ContractiveSvhnFpn"/>. The defaults are for colour images of 32 x 32 in 10 classes, with gamma 0.5; sides of at
/// least
/// 9 pixels.
/// </summary>
public sealed record ContractiveSvhnFpnOptions() : ScaledClassifierOptions(
    leastSide: SvhnLayers.LeastSide, side: 32, imageChannels: 3, gamma: 0.5)
{
    internal const string Name = "svhn-contraction";

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
        + (2 * Convolution(SvhnLayers.Channels, SvhnLayers.Channels)) + SvhnLayers.LeastReadoutNumbers(LatentShape, Classes);

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => ContractiveSvhnFpn.Create(this);
}
