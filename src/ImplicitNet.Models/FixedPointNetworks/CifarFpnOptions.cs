using System.Text.Json.Serialization;
using ImplicitNet.Networks;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// Sizes of a <see cref="CifarFpn"/>. The defaults are those published, for colour images of 32 x 32 in 10 classes, with gamma 0.5.
/// </summary>
public sealed record CifarFpnOptions() : ScaledClassifierOptions(leastSide: 1, side: 32, imageChannels: 3, gamma: 0.5)
{
    internal const string Name = "cifar10-fpn";

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
        + (2 * LatentLayers * Convolution(CifarLayers.Channels, CifarLayers.Channels))
        + CifarLayers.LeastReadoutNumbers(LatentShape, Classes);

    /// <summary>Layers of R; 1 to 256; default 5.</summary>
    public int LatentLayers { get; init => field = Within(value, 1, MostLayers, nameof(LatentLayers)); } = 5;

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => CifarFpn.Create(this);
}
