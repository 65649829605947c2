using System.Text.Json.Serialization;
using ImplicitNet.Networks;

namespace ImplicitNet.Models;

/// <summary>
/// Sizes of a <see cref="WellPosedClassifier"/>. The defaults are for grey images of 28 x 28 in 10 classes, with n = 100 and gamma 0.95:
/// 89,510 parameters.
/// </summary>
public sealed record WellPosedClassifierOptions() : ScaledClassifierOptions(leastSide: 1, side: 28, imageChannels: 1, gamma: DefaultGamma)
{
    internal const string Name = "well-posed-classifier";

    /// <summary>The limit of row sums where nobody chose.</summary>
    internal const double DefaultGamma = 0.95;

    // Row sums of a product of factors take n^2 numbers in float64.
    private const int MostStates = 16_384;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <summary>(n, 1, 1): the latent is flat, [batch, n].</summary>
    [JsonIgnore]
    public override (int Channels, int Height, int Width) LatentShape => (States, 1, 1);

    /// <summary>n, the size of the latent; 1 to 16,384; default 100.</summary>
    public int States { get; init => field = Within(value, 1, MostStates, nameof(States)); } = 100;

    /// <summary>k, the rank of A = L R^T, 1 to n; null, the default, for an A of n^2 weights.</summary>
    public int? Rank
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Rank), value, "The rank must be at least 1.");
    }

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers => ((long)States * ImageChannels * Height * Width)
        + (Rank is { } rank ? 2L * States * rank : (long)States * States) + ((long)States * Classes);

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => WellPosedClassifier.Create(this);

    /// <inheritdoc/>
    internal override void EnsureFits()
    {
        if (Rank > States)
        {
            throw new ArgumentException($"{nameof(Rank)} is {Rank}, and A has {States} rows: give at most as many.");
        }
    }
}
