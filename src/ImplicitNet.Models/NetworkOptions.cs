using System.Text.Json.Serialization;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>The description of an implicit network, without its weights: one sealed record for each architecture.</summary>
public abstract record NetworkOptions
{
    /// <summary>The most layers or blocks of one kind.</summary>
    private protected const int MostLayers = 256;

    /// <summary>The most channels of an input or a latent.</summary>
    private protected const int MostChannels = 4096;

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

    /// <summary>When the solves of such a network stop, but for tolerances and limit.</summary>
    [JsonIgnore]
    internal abstract StoppingRule Rule { get; }

    /// <summary>
    /// True for the explicit twin <c>S(R(0, Q(d)))</c>, the same layers with R applied once; default false. See
    /// <see cref="ExplicitOperator"/>.
    /// </summary>
    public bool Explicit { get; init; }

    /// <summary>Builds the network, with weights drawn from torch's random state. The caller owns it.</summary>
    /// <exception cref="InvalidOperationException">The sizes together need more than 2^30 numbers.</exception>
    public abstract ImplicitNetwork CreateNetwork();

    /// <summary>An input that such a network takes, of one sample, to try it on: anything that is not constant.</summary>
    /// <param name="like">Whose dtype and device it has.</param>
    internal abstract Tensor TrialInput(Tensor like);

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

    /// <summary>A sine over the places of a shape, in [-1, 1].</summary>
    private protected static Tensor Wave(Tensor like, params long[] shape) =>
        linspace(-1, 1, shape.Aggregate((a, b) => a * b), dtype: ScalarType.Float64)
            .mul(17).sin().reshape(shape).to(like.dtype).to(like.device);

    /// <summary>Joins the three parts, R in the form asked for, with a relative tolerance of 1e-3.</summary>
    internal ImplicitNetwork Join(nn.Module<Tensor, Tensor> encoder, LatentOperator latentOperator, nn.Module<Tensor, Tensor> readout) =>
        Join(encoder, [latentOperator], readout);

    /// <summary>As the other; the explicit twin has as many layers as there are operators, the implicit network takes the first.</summary>
    internal ImplicitNetwork Join(
        nn.Module<Tensor, Tensor> encoder, IReadOnlyList<LatentOperator> operators, nn.Module<Tensor, Tensor> readout) =>
        new(encoder, Explicit ? new ExplicitOperator(operators[0], [.. operators.Skip(1)]) : operators[0], readout)
        {
            Stopping = Rule with { RelativeTolerance = 1e-3 },
        };
}
