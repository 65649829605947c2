using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// Q of the networks for augmented CIFAR-10: a 7 x 7 stem, 32 residual blocks <c>x = norm(LeakyReLU(x + pair(x)))</c> with
/// an average pool of 2 after the 16th and the 32nd, and perhaps more blocks behind.
/// </summary>
internal sealed class CifarEncoder : nn.Module<Tensor, Tensor>
{
    /// <summary>What the constant padding adds to either side of an image, in pixels.</summary>
    public const int Padding = 4;

    private const int BlocksToPool = 16;
    private const int BlocksOfPools = 2 * BlocksToPool;
    private const double Dropout = 0.15;

    // The mean of the three channels' means, as published; it stands in the normalised image all the same.
    private const double PaddingValue = 0.449;

    [ComponentName(Name = "data_conv_d")]
    private readonly Conv2d _stem;

    [ComponentName(Name = "data_convs")]
    private readonly ModuleList<ConvolutionPair> _pairs;

    [ComponentName(Name = "dat_batch_norm")]
    private readonly ModuleList<BatchNormalization> _norms;

    /// <summary>Creates the encoder.</summary>
    /// <param name="imageChannels">Channels of the image.</param>
    /// <param name="channels">Channels of all else.</param>
    /// <param name="more">Blocks after the second pool.</param>
    public CifarEncoder(long imageChannels, long channels, int more = 0)
        : base(nameof(CifarEncoder))
    {
        int blocks = BlocksOfPools + more;
        _stem = nn.Conv2d(imageChannels, channels, 7);
        _pairs = nn.ModuleList([.. Enumerable.Range(0, blocks).Select(_ => new ConvolutionPair(channels, Dropout))]);
        _norms = nn.ModuleList([.. Enumerable.Range(0, blocks).Select(_ => new BatchNormalization(channels, isAffine: false))]);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();

        // Published as a constant padding of 4, then one of 3 that repeats the border: which is that same constant.
        const long width = Padding + 3;
        Tensor padded = nn.functional.pad(input, [width, width, width, width], PaddingModes.Constant, PaddingValue);
        Tensor x = nn.functional.leaky_relu(_stem.call(padded), ConvolutionPair.Slope, inplace: true);
        for (int block = 0; block < _pairs.Count; block++)
        {
            Tensor sum = _pairs[block].call(x).add_(x);
            x = _norms[block].call(nn.functional.leaky_relu(sum, ConvolutionPair.Slope, inplace: true));
            if (block < BlocksOfPools && (block + 1) % BlocksToPool == 0)
            {
                x = nn.functional.avg_pool2d(x, 2);
            }
        }

        return x.MoveToOuterDisposeScope();
    }
}
