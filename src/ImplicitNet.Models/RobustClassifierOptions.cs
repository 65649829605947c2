using System.Text.Json.Serialization;
using ImplicitNet.Networks;

namespace ImplicitNet.Models;

/// <summary>
/// Sizes of a <see cref="RobustClassifier"/>. The defaults are for grey images of 28 x 28 in 10 classes, with n = 256, two hidden
/// layers and gamma 0.5: 400,640 parameters.
/// </summary>
public sealed record RobustClassifierOptions() : ScaledClassifierOptions(leastSide: 1, side: 28, imageChannels: 1, gamma: 0.5)
{
    internal const string Name = "robust-classifier";

    // An inverse and a bound of matrices with as many rows at every step.
    private const int MostStates = 4096;
    private const int MostHiddenLayers = 16;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <summary>(n, 1, 1): the latent is flat, [batch, n].</summary>
    [JsonIgnore]
    public override (int Channels, int Height, int Width) LatentShape => (States, 1, 1);

    /// <summary>n, the size of the latent; 1 to 4096; default 256.</summary>
    public int States { get; init => field = Within(value, 1, MostStates, nameof(States)); } = 256;

    /// <summary>Layers of n before the one that gives q; 0 to 16; default 2.</summary>
    public int HiddenLayers { get; init => field = Within(value, 0, MostHiddenLayers, nameof(HiddenLayers)); } = 2;

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers =>
        ((long)States * ImageChannels * Height * Width) + ((1L + HiddenLayers) * States * States) + ((long)States * Classes);

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => RobustClassifier.Create(this);

    /// <inheritdoc/>
    internal override void EnsureFits()
    {
        if (HiddenLayers > 0 && States % 2 != 0)
        {
            throw new ArgumentException(
                $"{nameof(States)} is {States}: behind a hidden layer they are sorted in pairs. Give an even number, or no hidden layer.");
        }
    }
}
