using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>A 3 x 3 convolution that keeps the image, of channels with the time before them as one more.</summary>
/// <remarks>
/// t is [batch], x is [batch, channels, height, width]. The channel of the time is never made: what it adds is one image, the same for
/// every sample but for the factor t.
/// </remarks>
internal sealed class TimedConvolution : nn.Module<Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "convolution")]
    private readonly Conv2d _convolution;

    public TimedConvolution(long channels)
        : base(nameof(TimedConvolution))
    {
        _convolution = nn.Conv2d(channels + 1, channels, 3, padding: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor time, Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = _convolution.weight!, ofTime = weight.narrow(1, 0, 1), ofInput = weight.narrow(1, 1, weight.shape[1] - 1);
        Tensor one = ones([1, 1, .. input.shape[2..]], input.dtype, input.device);
        Tensor perTime = nn.functional.conv2d(one, ofTime, null, [1, 1], [1, 1], [1, 1], 1);
        Tensor own = nn.functional.conv2d(input, ofInput, _convolution.bias, [1, 1], [1, 1], [1, 1], 1);
        return torch.addcmul(own, time.reshape(-1, 1, 1, 1), perTime, 1).MoveToOuterDisposeScope();
    }
}
