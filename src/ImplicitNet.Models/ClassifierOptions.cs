using System.Text.Json.Serialization;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>The description of an implicit image classifier, without its weights: one sealed record for each architecture.</summary>
public abstract record ClassifierOptions
{
    // Bounds of what is built, far beyond the networks here: a configuration is a small file, and may announce anything.
    private const int MostSide = 4096;
    private const int MostClasses = 65_536;

    /// <summary>The most layers or blocks of one kind.</summary>
    private protected const int MostLayers = 256;

    /// <summary>The most channels of an image or a latent.</summary>
    private protected const int MostChannels = 4096;

    // Numbers in all weights: 4 GiB of them in float32. Sizes that are each within their bounds can ask for a million times as many.
    private const long MostNumbers = 1 << 30;
    private readonly int _leastSide;

    private protected ClassifierOptions(int leastSide, int side, int imageChannels, double gamma)
    {
        _leastSide = leastSide;
        Height = side;
        Width = side;
        ImageChannels = imageChannels;
        Gamma = gamma;
    }

    /// <summary>The architecture's name in <c>config.json</c>.</summary>
    [JsonIgnore]
    public abstract string Architecture { get; }

    /// <summary>Shape of one image's latent: (channels, height, width).</summary>
    [JsonIgnore]
    public abstract (int Channels, int Height, int Width) LatentShape { get; }

    /// <summary>
    /// How many numbers the weights are at least: counted from the sizes, before anything is built, so that a configuration can be compared
    /// with its weights.
    /// </summary>
    [JsonIgnore]
    internal abstract long LeastNumbers { get; }

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

    /// <summary>
    /// True for the explicit twin <c>S(R(0, Q(d)))</c>, the same layers with R applied once; default false. See
    /// <see cref="ExplicitOperator"/>.
    /// </summary>
    public bool Explicit { get; init; }

    /// <summary>Builds the network, with weights drawn from torch's random state. The caller owns it.</summary>
    /// <exception cref="InvalidOperationException">The sizes together need more than 2^30 numbers.</exception>
    public abstract ImplicitNetwork CreateNetwork();

    /// <summary>Refuses sizes that are each within their bounds and together of no network.</summary>
    /// <exception cref="InvalidOperationException">The weights would be more than 2^30 numbers.</exception>
    internal void EnsureSize()
    {
        if (LeastNumbers > MostNumbers)
        {
            throw new InvalidOperationException(
                FormattableString.Invariant($"The network has {LeastNumbers:n0} numbers or more; at most {MostNumbers:n0} are built. ")
                    + "Lower its sides, channels, layers or classes.");
        }
    }

    private protected static int Within(int value, int least, int most, string name) => value >= least && value <= most
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {least} and at most {most}.");

    /// <summary>The numbers of a square convolution without bias.</summary>
    private protected static long Convolution(long inputs, long outputs, int side = 3) => inputs * outputs * side * side;

    /// <summary>Joins the three parts, R in the form asked for, with a relative tolerance of 1e-3.</summary>
    internal ImplicitNetwork Join(nn.Module<Tensor, Tensor> encoder, LatentOperator latentOperator, nn.Module<Tensor, Tensor> readout) =>
        new(encoder, Explicit ? new ExplicitOperator(latentOperator) : latentOperator, readout)
        {
            Stopping = new StoppingRule { RelativeTolerance = 1e-3 },
        };
}
