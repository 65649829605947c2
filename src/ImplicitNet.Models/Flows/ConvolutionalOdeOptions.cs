using System.Text.Json.Serialization;
using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>Sizes of a <see cref="ConvolutionalOde"/>; the defaults are those published for MNIST.</summary>
public sealed record ConvolutionalOdeOptions : FlowNetworkOptions
{
    internal const string Name = "convolutional-ode";

    private const int LeastSide = 10;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers => 2L * 9 * (Channels + Zeros) * (Channels + Zeros);

    /// <inheritdoc/>
    [JsonIgnore]
    internal override ImageSizes? Images => new(Height, Width, InputChannels, Classes);

    /// <summary>Height of its images in pixels, which it answers in other sizes too; 10 to 4096; default 28.</summary>
    public int Height { get; init => field = Within(value, LeastSide, MostWidth, nameof(Height)); } = 28;

    /// <summary>Width of its images in pixels, which it answers in other sizes too; 10 to 4096; default 28.</summary>
    public int Width { get; init => field = Within(value, LeastSide, MostWidth, nameof(Width)); } = 28;

    /// <summary>Channels of an image; 1 to 4096; default 1.</summary>
    public int InputChannels { get; init => field = Within(value, 1, MostWidth, nameof(InputChannels)); } = 1;

    /// <summary>Channels of the features, without those of zeros; 1 to 4096; default 64.</summary>
    public int Channels { get; init => field = Within(value, 1, MostWidth, nameof(Channels)); } = 64;

    /// <summary>Classes; 1 to 4096; default 10.</summary>
    public int Classes { get; init => field = Within(value, 1, MostWidth, nameof(Classes)); } = 10;

    /// <inheritdoc/>
    public override FlowModel CreateNetwork(FlowSettings settings) => new ConvolutionalOde(this, settings);

    internal override Tensor TrialInput(Tensor like) => Wave(like, 1, InputChannels, Height, Width);
}
