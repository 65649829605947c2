using System.Text.Json.Serialization;
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

    private protected ClassifierOptions(int leastSide, int side, int imageChannels)
    {
        _leastSide = leastSide;
        Height = side;
        Width = side;
        ImageChannels = imageChannels;
    }

    /// <summary>Shape of one image's latent: (channels, height, width).</summary>
    [JsonIgnore]
    public abstract (int Channels, int Height, int Width) LatentShape { get; }

    /// <summary>The sizes of the images that a latent consists of: one, or one for each scale.</summary>
    [JsonIgnore]
    internal virtual IReadOnlyList<(int Height, int Width)> LatentSizes => [(LatentShape.Height, LatentShape.Width)];

    /// <summary>Image height in pixels; at least what leaves a latent that the readout can take, and at most 4096.</summary>
    public int Height { get; init => field = Within(value, _leastSide, MostSide, nameof(Height)); }

    /// <summary>Image width in pixels; at least what leaves a latent that the readout can take, and at most 4096.</summary>
    public int Width { get; init => field = Within(value, _leastSide, MostSide, nameof(Width)); }

    /// <summary>Channels of the image; 1 to 4096.</summary>
    public int ImageChannels { get; init => field = Within(value, 1, MostChannels, nameof(ImageChannels)); }

    /// <summary>Classes; 2 to 65,536; default 10.</summary>
    public int Classes { get; init => field = Within(value, 2, MostClasses, nameof(Classes)); } = 10;

    /// <inheritdoc/>
    [JsonIgnore]
    internal override StoppingRule Rule => new();

    /// <inheritdoc/>
    [JsonIgnore]
    internal sealed override ImageSizes? Images => new(Height, Width, ImageChannels, Classes);

    internal sealed override Tensor TrialInput(Tensor like) => Wave(like, 1, ImageChannels, Height, Width);
}
