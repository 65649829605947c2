using System.Text.Json.Serialization;
using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>Sizes of a <see cref="ConvolutionalOde"/>; the defaults are those published for MNIST.</summary>
public sealed record ConvolutionalOdeOptions : FlowNetworkOptions
{
    internal const string Name = "convolutional-ode";

    private const int TrialSide = 28;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <summary>Channels of an image; 1 to 4096; default 1.</summary>
    public int InputChannels { get; init => field = Within(value, 1, MostWidth, nameof(InputChannels)); } = 1;

    /// <summary>Channels of the features, without those of zeros; 1 to 4096; default 64.</summary>
    public int Channels { get; init => field = Within(value, 1, MostWidth, nameof(Channels)); } = 64;

    /// <summary>Classes; 1 to 4096; default 10.</summary>
    public int Classes { get; init => field = Within(value, 1, MostWidth, nameof(Classes)); } = 10;

    /// <inheritdoc/>
    public override FlowModel CreateNetwork(FlowSettings settings) => new ConvolutionalOde(this, settings);

    internal override Tensor TrialInput(Tensor like) => Wave(like, 1, InputChannels, TrialSide, TrialSide);
}
