using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// The vector field of Chen, Rubanova, Bettencourt and Duvenaud (2018) for images: <c>f(t, u) = norm(conv(t, relu(norm(conv(t,
/// relu(norm(u)))))))</c>, with group norms and the time as a channel of both 3 x 3 convolutions.
/// </summary>
/// <remarks>t is [batch], u and f(t, u) are [batch, channels, height, width]. Each sample by itself.</remarks>
internal sealed class ConvolutionalField : nn.Module<Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "norm1")]
    private readonly GroupNorm _norm1;

    [ComponentName(Name = "convolution1")]
    private readonly TimedConvolution _convolution1;

    [ComponentName(Name = "norm2")]
    private readonly GroupNorm _norm2;

    [ComponentName(Name = "convolution2")]
    private readonly TimedConvolution _convolution2;

    [ComponentName(Name = "norm3")]
    private readonly GroupNorm _norm3;

    public ConvolutionalField(long channels, long groups)
        : base(nameof(ConvolutionalField))
    {
        _norm1 = ChannelNorm.Create(groups, channels);
        _norm2 = ChannelNorm.Create(groups, channels);
        _norm3 = ChannelNorm.Create(groups, channels);
        (_convolution1, _convolution2) = (new TimedConvolution(channels), new TimedConvolution(channels));
        RegisterComponents();
    }

    public override Tensor forward(Tensor time, Tensor state)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inner = _convolution1.call(time, _norm1.call(state).relu_());
        return _norm3.call(_convolution2.call(time, _norm2.call(inner).relu_())).MoveToOuterDisposeScope();
    }
}
