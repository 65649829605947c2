using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>The description of a network that can be saved, without its weights: one sealed record for each architecture.</summary>
public abstract record NetworkOptions
{
    // Numbers in all weights: 4 GiB of them in float32. Sizes that are each within their bounds can ask for a million times as many.
    private const long MostNumbers = 1 << 30;

    private protected NetworkOptions()
    {
    }

    /// <summary>The architecture's name in <c>config.json</c>.</summary>
    [JsonIgnore]
    public abstract string Architecture { get; }

    /// <summary>
    /// How many numbers the weights are at least: counted from the sizes, before anything is built, so that a configuration can be compared
    /// with its weights.
    /// </summary>
    [JsonIgnore]
    internal abstract long LeastNumbers { get; }

    /// <summary>The images that it takes; null where it takes none.</summary>
    [JsonIgnore]
    internal virtual ImageSizes? Images => null;

    /// <summary>Builds the network, with weights drawn from torch's random state. The caller owns it.</summary>
    /// <exception cref="InvalidOperationException">The sizes together need more than 2^30 numbers.</exception>
    public abstract nn.Module<Tensor, Tensor> CreateNetwork();

    /// <summary>An input that such a network takes, of one sample, to try it on: anything that is not constant.</summary>
    /// <param name="like">Whose dtype and device it has.</param>
    internal abstract Tensor TrialInput(Tensor like);

    /// <summary>Refuses values that do not go together.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    internal virtual void EnsureFits()
    {
    }

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

    /// <summary>A sine over the places of a shape, in [-1, 1].</summary>
    private protected static Tensor Wave(Tensor like, params long[] shape) =>
        linspace(-1, 1, shape.Aggregate((a, b) => a * b), dtype: ScalarType.Float64)
            .mul(17).sin().reshape(shape).to(like.dtype).to(like.device);
}
