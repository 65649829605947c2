using System.Text.Json.Serialization;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>The description of an implicit image classifier, without its weights: one sealed record for each architecture.</summary>
public abstract record ClassifierOptions : ImplicitNetworkOptions
{
    // Bounds of what is built, far beyond the networks here: a configuration is a small file, and may announce anything.
    private const int MostSide = 4096;
    private const int MostClasses = 65_536;

    private readonly int _leastSide;

    private protected ClassifierOptions(int leastSide, int side, int imageChannels, double gamma)
    {
        _leastSide = leastSide;
        Height = side;
        Width = side;
        ImageChannels = imageChannels;
        Gamma = gamma;
    }

    /// <summary>Shape of one image's latent: (channels, height, width).</summary>
    [JsonIgnore]
    public abstract (int Channels, int Height, int Width) LatentShape { get; }

    /// <summary>Image height in pixels; at least what leaves a latent that the readout can take, and at most 4096.</summary>
    public int Height { get; init => field = Within(value, _leastSide, MostSide, nameof(Height)); }

    /// <summary>Image width in pixels; at least what leaves a latent that the readout can take, and at most 4096.</summary>
    public int Width { get; init => field = Within(value, _leastSide, MostSide, nameof(Width)); }

    /// <summary>Channels of the image; 1 to 4096.</summary>
    public int ImageChannels { get; init => field = Within(value, 1, MostChannels, nameof(ImageChannels)); }

    /// <summary>Classes; 2 to 65,536; default 10.</summary>
    public int Classes { get; init => field = Within(value, 2, MostClasses, nameof(Classes)); } = 10;

    /// <summary>
    /// The factor gamma in R, in (0, 1), dimensionless. It is a contraction factor only if R is a <see cref="ContractionOperator"/>; in the
    /// networks as published it scales R and bounds nothing.
    /// </summary>
    public double Gamma
    {
        get;
        init => field = value is > 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Gamma), value, "The contraction factor must be in (0, 1).");
    }

    /// <inheritdoc/>
    [JsonIgnore]
    internal sealed override StoppingRule Rule => new();

    /// <inheritdoc/>
    [JsonIgnore]
    internal sealed override ImageSizes? Images => new(Height, Width, ImageChannels, Classes);

    internal sealed override Tensor TrialInput(Tensor like) => Wave(like, 1, ImageChannels, Height, Width);
}
