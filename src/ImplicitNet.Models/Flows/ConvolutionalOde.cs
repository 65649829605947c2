using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// The network of Chen, Rubanova, Bettencourt and Duvenaud (2018) for MNIST: convolutions bring the image to a quarter of its side, the
/// features, perhaps with channels of zeros behind them (Dupont, Doucet and Teh 2019), flow from time 0 to 1 along a convolutional field,
/// and the class is linear in their means.
/// </summary>
/// <remarks>
/// Input: [batch, images, height, width], sides of at least 10; output: [batch, classes]. With the options that are the default it has the
/// layers and the 208,266 parameters of the published code.
/// </remarks>
public sealed class ConvolutionalOde : FlowModel
{
    private readonly nn.Module<Tensor, Tensor> _encoder;
    private readonly nn.Module<Tensor, Tensor> _readout;

    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Sizes; default: for MNIST.</param>
    /// <param name="settings">How its flow is followed; default: those of a layer.</param>
    public ConvolutionalOde(ConvolutionalOdeOptions? options = null, FlowSettings? settings = null)
        : base(options ??= new ConvolutionalOdeOptions(), Field(options), settings ?? new FlowSettings())
    {
        long channels = options.Channels, all = channels + options.Zeros, groups = ChannelNorm.Groups(channels);
        _encoder = nn.Sequential(
            nn.Conv2d(options.InputChannels, channels, 3),
            ChannelNorm.Create(groups, channels), nn.ReLU(inplace: true), nn.Conv2d(channels, channels, 4, stride: 2, padding: 1),
            ChannelNorm.Create(groups, channels), nn.ReLU(inplace: true), nn.Conv2d(channels, channels, 4, stride: 2, padding: 1));
        _readout = nn.Sequential(
            ChannelNorm.Create(Groups(options), all), nn.ReLU(inplace: true), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(all, options.Classes));
        register_module("encoder", _encoder);
        register_module("readout", _readout);
    }

    /// <summary>The scores of images.</summary>
    /// <param name="input">[batch, images, height, width], floating point.</param>
    /// <returns>[batch, classes]. The caller owns it.</returns>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using DisposeScope scope = NewDisposeScope();

        // Channel by channel, whatever the layout of the images: group norms of the other one take ten times as long.
        Tensor images = input.flatten(1).reshape(input.shape);
        return _readout.call(Flow.call(_encoder.call(images))).MoveToOuterDisposeScope();
    }

    private static ConvolutionalField Field(ConvolutionalOdeOptions options) =>
        new(options.Channels + options.Zeros, Groups(options));

    // A group of zeros alone would be divided by next to nothing: with zeros there is one group.
    private static long Groups(ConvolutionalOdeOptions options) => options.Zeros == 0 ? ChannelNorm.Groups(options.Channels) : 1;
}
