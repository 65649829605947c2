using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The residual block of a scale: <c>v = norm3(ReLU(u + norm2(mask * W2 ReLU(norm1(W1 u)) + q)))</c>, W1 and W2 convolutions of 3 x 3.
/// </summary>
internal sealed class ScaleBlock : nn.Module
{
    [ComponentName(Name = "convolution1")]
    private readonly Conv2d _widening;
    [ComponentName(Name = "normalization1")]
    private readonly GroupNormalization _inner;
    [ComponentName(Name = "convolution2")]
    private readonly Conv2d _narrowing;
    [ComponentName(Name = "normalization2")]
    private readonly GroupNormalization _outer;
    [ComponentName(Name = "normalization3")]
    private readonly GroupNormalization _sum;

    // The length of each row of W2, so that q counts for more than what u says of itself.
    private const double Length = 0.3;

    private const double Least = 1e-12;

    /// <summary>Creates it with weights drawn as torch's layers draw them.</summary>
    /// <param name="channels">Of u.</param>
    /// <param name="inner">Of W1 u.</param>
    /// <param name="weight">That of the last norm; null for one that is learned.</param>
    /// <param name="dtype">Of the weights.</param>
    public ScaleBlock(long channels, long inner, double? weight, ScalarType dtype)
        : base(nameof(ScaleBlock))
    {
        _widening = nn.Conv2d(channels, inner, 3, padding: 1, bias: false, dtype: dtype);
        _inner = new GroupNormalization(inner, dtype);
        _narrowing = nn.Conv2d(inner, channels, 3, padding: 1, bias: false, dtype: dtype);
        _outer = new GroupNormalization(channels, dtype);
        _sum = new GroupNormalization(channels, dtype, weight: weight);
        RegisterComponents();
    }

    /// <summary>One application; in place where there is no graph.</summary>
    /// <param name="u">[batch, channels, height, width]; not changed.</param>
    /// <param name="q">Like u, or null where nothing is injected; not changed.</param>
    /// <param name="mask">Like u, or null for none; not changed.</param>
    /// <returns>Like u. In the caller's dispose scope, with what was computed on the way.</returns>
    public Tensor Apply(Tensor u, Tensor? q, Tensor? mask)
    {
        Tensor wide = _inner.Apply(_widening.call(u), isRectified: true);
        Tensor weight = _narrowing.weight!;
        Tensor lengths = weight.flatten(1).norm(1, keepdim: true).clamp_min(Least).reshape(-1, 1, 1, 1);
        Tensor change = nn.functional.conv2d(wide, weight * (Length / lengths), padding: [1, 1]);
        change = mask is null ? change : change.mul_(mask);
        return _sum.Apply(_outer.Apply(change, shift: q, residual: u, isRectified: true));
    }
}
