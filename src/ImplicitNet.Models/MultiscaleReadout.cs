using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// S of a <see cref="MultiscaleClassifier"/>: of every scale a convolution of 3 x 3 and stride 2, group normalisation, ReLU and the mean
/// over the image; then one linear layer of all.
/// </summary>
internal sealed class MultiscaleReadout : nn.Module<Tensor, Tensor>
{
    private readonly LatentTuple _scales;
    private readonly (Conv2d Convolution, GroupNormalization Normalization)[] _heads;
    private readonly Linear _linear;

    /// <summary>Creates it with weights drawn as torch's layers draw them.</summary>
    public MultiscaleReadout(LatentTuple scales, int count, long channels, long head, long classes)
        : base(nameof(MultiscaleReadout))
    {
        _scales = scales;
        _heads = [.. Enumerable.Range(0, count).Select(_ =>
            (nn.Conv2d(channels, head, 3, stride: 2, padding: 1, bias: false), new GroupNormalization(head)))];
        _linear = nn.Linear(count * head, classes);
        foreach ((int place, (Conv2d convolution, GroupNormalization normalization)) in _heads.Index())
        {
            register_module($"convolution{place + 1}", convolution);
            register_module($"normalization{place + 1}", normalization);
        }

        register_module("linear", _linear);
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] means =
        [
            .. _scales.Unpack(input).Zip(_heads, (image, head) =>
                head.Normalization.Apply(head.Convolution.call(image), isRectified: true).mean([2, 3])),
        ];
        return _linear.call(cat(means, 1)).MoveToOuterDisposeScope();
    }
}
