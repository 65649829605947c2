using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>Tensors to give where [batch, n] in float32 is wanted: a new one is one line.</summary>
/// <param name="Name">What findings call it.</param>
/// <param name="Create">Makes one from what would be right.</param>
internal sealed record HostileTensor(string Name, Func<Tensor, Tensor?> Create)
{
    public static readonly IReadOnlyList<HostileTensor> All =
    [
        new("null", _ => null),
        new("disposed", right => { Tensor copy = right.clone(); copy.Dispose(); return copy; }),
        new("scalar", right => right.sum()),
        new("flat", right => right.reshape(-1)),
        new("no samples", right => right.narrow(0, 0, 0)),
        new("no numbers", right => right.narrow(-1, 0, 0)),
        new("nothing at all", right => zeros(0, 0)),
        new("one sample", right => right.narrow(0, 0, 1)),
        new("fewer samples", right => right.narrow(0, 0, right.shape[0] - 1)),
        new("more samples", right => cat([right, right], 0)),
        new("wider", right => cat([right, right], -1)),
        new("narrower", right => right.narrow(-1, 0, right.shape[^1] - 1)),
        new("another dimension", right => right.unsqueeze(-1)),
        new("two dimensions more", right => right.reshape([.. right.shape, 1, 1])),
        new("turned", right => right.t()),
        new("sixty dimensions", right => right.reshape([.. right.shape, .. Enumerable.Repeat(1L, 58)])),
        new("float64", right => right.to(ScalarType.Float64)),
        new("float16", right => right.to(ScalarType.Float16)),
        new("bfloat16", right => right.to(ScalarType.BFloat16)),
        new("int64", right => right.to(ScalarType.Int64)),
        new("uint8", right => right.abs().to(ScalarType.Byte)),
        new("truth values", right => right > 0),
        new("complex", right => right.to(ScalarType.ComplexFloat32)),
        new("complex of float64", right => right.to(ScalarType.ComplexFloat64)),
        new("sparse", right => right.to_sparse()),
        new("meta", right => right.to(META)),
        new("expanded from one", right => ones(1, 1).expand(right.shape)),
        new("expanded over samples", right => right.narrow(0, 0, 1).expand(right.shape)),
        new("not contiguous", right => right.t().contiguous().t()),
        new("every other", right => cat([right, right], -1).reshape([.. right.shape, 2]).select(-1, 0)),
        new("wants a gradient", right => right.clone().requires_grad_()),
        new("in a graph", right => right.clone().requires_grad_() * 2),
        new("made in inference mode", right => { using (inference_mode()) { return right.clone(); } }),
        new("NaN", right => right * float.NaN),
        new("one NaN", right => { Tensor copy = right.clone(); copy.view(-1)[0] = tensor(float.NaN); return copy; }),
        new("infinite", right => right * float.PositiveInfinity),
        new("huge", right => right * 1e38),
        new("below normal", right => right * 1e-40),
        new("zeros", right => zeros_like(right)),
        new("a view of itself", right => right.view(right.shape)),
    ];

    public static readonly HostileTensor Right = new("right", right => right.clone());
}
