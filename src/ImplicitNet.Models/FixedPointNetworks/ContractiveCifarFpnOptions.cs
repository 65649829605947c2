using System.Text.Json.Serialization;
using ImplicitNet.Networks;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// Sizes of a <see cref="ContractiveCifarFpn"/>. The defaults are for colour images of 32 x 32 in 10 classes, with gamma 0.5.
/// </summary>
public sealed record ContractiveCifarFpnOptions() : ScaledClassifierOptions(leastSide: 1, side: 32, imageChannels: 3, gamma: 0.5)
{
    internal const string Name = "cifar10-contraction";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <inheritdoc/>
    [JsonIgnore]
    public override (int Channels, int Height, int Width) LatentShape =>
        (CifarLayers.Channels, CifarLayers.LatentSide(Height), CifarLayers.LatentSide(Width));

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers => Convolution(ImageChannels, CifarLayers.Channels, 7)
        + (2 * Convolution(CifarLayers.Channels, CifarLayers.Channels)) + CifarLayers.LeastReadoutNumbers(LatentShape, Classes);

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => ContractiveCifarFpn.Create(this);
}
