using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Naive;

/// <summary>
/// One latent layer as published: <c>norm(x + LReLU(LReLU(c3(LReLU(c0(x))))))</c>, every activation a pass of its own over new memory.
/// </summary>
internal sealed class NaiveLatentLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "0")]
    private readonly Conv2d _first;

    [ComponentName(Name = "3")]
    private readonly Conv2d _second;

    [ComponentName(Name = "norm")]
    private readonly BatchNorm2d _norm;

    public NaiveLatentLayer(long channels)
        : base(nameof(NaiveLatentLayer))
    {
        _first = nn.Conv2d(channels, channels, 3, padding: 1);
        _second = nn.Conv2d(channels, channels, 3, padding: 1);
        _norm = nn.BatchNorm2d(channels, affine: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using TorchSharp.DisposeScope scope = NewDisposeScope();
        Tensor branch = nn.functional.leaky_relu(_first.call(input), NaiveNetwork.Slope);
        branch = nn.functional.leaky_relu(_second.call(branch), NaiveNetwork.Slope);
        branch = nn.functional.leaky_relu(branch, NaiveNetwork.Slope);
        return _norm.call(input + branch).MoveToOuterDisposeScope();
    }
}
