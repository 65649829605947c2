using System.Text.Json.Serialization;
using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>The description of a network with a flow in it, without its weights: one sealed record for each architecture.</summary>
public abstract record FlowNetworkOptions
{
    // Bounds of what is built, far beyond the networks here: a configuration is a small file, and may announce anything.
    private protected const int MostWidth = 4096;

    private protected FlowNetworkOptions()
    {
    }

    /// <summary>The architecture's name in <c>config.json</c>.</summary>
    [JsonIgnore]
    public abstract string Architecture { get; }

    /// <summary>Zeros that are appended to the state; 0 to 4096; default 0: none.</summary>
    public int Zeros { get; init => field = Within(value, 0, MostWidth, nameof(Zeros)); }

    /// <summary>Builds the network, with weights drawn from torch's random state. The caller owns it.</summary>
    /// <param name="settings">How its flow is followed.</param>
    public abstract FlowModel CreateNetwork(FlowSettings settings);

    /// <summary>Refuses values that do not go together.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    internal virtual void EnsureFits()
    {
    }

    /// <summary>An input that such a network takes, of one sample, to try it on: anything that is not constant.</summary>
    /// <param name="like">Whose dtype and device it has.</param>
    internal abstract Tensor TrialInput(Tensor like);

    private protected static int Within(int value, int least, int most, string name) => value >= least && value <= most
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {least} and at most {most}.");

    /// <summary>A sine over the places of a shape, in [-1, 1].</summary>
    private protected static Tensor Wave(Tensor like, params long[] shape) =>
        linspace(-1, 1, shape.Aggregate((a, b) => a * b), dtype: ScalarType.Float64)
            .mul(17).sin().reshape(shape).to(like.dtype).to(like.device);
}
