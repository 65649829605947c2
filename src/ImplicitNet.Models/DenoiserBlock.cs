using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// <c>x + W2 ReLU(W1 x + b1) + b2</c>, a block of a residual network (He et al., 2016) without a norm, which nothing bounds: as dear as a
/// convex potential of the same sizes, with twice its weights. It begins as a short step down such a potential, <c>W2 = -W1^T / 10</c>:
/// near the identity, and lengthening nothing, so that first solves end.
/// </summary>
internal sealed class DenoiserBlock : nn.Module<Tensor, Tensor>
{
    private const double FirstLength = 0.1;

    [ComponentName(Name = "convolution1")]
    private readonly Conv2d _first;
    [ComponentName(Name = "convolution2")]
    private readonly Conv2d _second;
    private readonly long[] _padding;

    public DenoiserBlock(int channels, int hidden, int kernelSize)
        : base(nameof(DenoiserBlock))
    {
        _padding = [kernelSize / 2, kernelSize / 2];
        _first = nn.Conv2d(channels, hidden, kernelSize, padding: kernelSize / 2);
        _second = nn.Conv2d(hidden, channels, kernelSize, padding: kernelSize / 2);
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        _second.weight!.copy_(-FirstLength * _first.weight!.transpose(0, 1).flip(2, 3));
        nn.init.zeros_(_second.bias!);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        return (input + Apply(_second, Apply(_first, input).relu_())).MoveToOuterDisposeScope();
    }

    // With channels last in memory convolutions take half as long on the processor.
    private Tensor Apply(Conv2d layer, Tensor input)
    {
        Tensor weight = layer.weight!;
        Tensor laid = weight.device_type == DeviceType.CPU ? weight.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : weight;
        return nn.functional.conv2d(input, laid, layer.bias, padding: _padding);
    }
}
