using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>Precision and size of a <see cref="LatentCache"/>.</summary>
public sealed record LatentCacheOptions
{
    /// <summary>
    /// The dtype kept: float32 (default) or float16 (half the memory; starts good to three digits; latents beyond 65504 are
    /// not kept).
    /// </summary>
    public ScalarType Dtype
    {
        get;
        init => field = value is ScalarType.Float32 or ScalarType.Float16
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Dtype), value, "The cache keeps float32 or float16.");
    } = ScalarType.Float32;

    /// <summary>
    /// The most memory to use for latents, in bytes; at least 1; default 1 GiB. For the default classifier the 60,000 images of MNIST take
    /// 622 MB in float32.
    /// </summary>
    public long MaxBytes
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxBytes), value, "The cache needs at least one byte.");
    } = 1L << 30;
}
