using System.Globalization;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// A random start: normal, with mean 0, independent of the batch that a sample is in and of torch's random state.
/// </summary>
/// <remarks>
/// Drawn on the processor, element by element in the order of the shape, in float64. The same seed, sample and shape give the same start,
/// up to the rounding of the dtype.
/// </remarks>
public sealed record RandomStart : StartingPoint
{
    /// <summary>The seed of the draw; default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Standard deviation of every element, in the units of the latent; above 0 and finite; default 1.</summary>
    public double Deviation
    {
        get;
        init => field = value is > 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Deviation), value, "The deviation must be above 0 and finite.");
    } = 1;

    /// <summary>
    /// Ids of the samples of the batch. Each id has a draw of its own, the same in every batch that names it. If null, the default, all
    /// samples start at the same draw.
    /// </summary>
    public IReadOnlyList<long>? Samples { get; init => field = value is null ? null : [.. value]; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The number of ids is not that of the batch.</exception>
    public override Tensor Of(Tensor own)
    {
        ArgumentNullException.ThrowIfNull(own);
        if (Samples is not null && Samples.Count != own.shape[0])
        {
            throw new ArgumentException($"One id for each of {own.shape[0]} samples is needed. Given: {Samples.Count}.", nameof(own));
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        long[] shape = own.shape[1..];
        Tensor drawn = Samples is null ? Draw(shape, 0).unsqueeze(0)
            : Samples.Count == 0 ? own
            : stack([.. Samples.Select(sample => Draw(shape, sample))]);

        // Into a tensor like the operator's own, so that the memory layout is kept.
        return zeros_like(own).copy_(drawn).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public bool Equals(RandomStart? other) =>
        other is not null && (Seed, Deviation) == (other.Seed, other.Deviation)
        && (Samples is null ? other.Samples is null : other.Samples is not null && Samples.SequenceEqual(other.Samples));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Seed, Deviation, Samples?.Count);

    /// <summary>The draw as text.</summary>
    public override string ToString()
    {
        string samples = Samples is null ? "all alike" : Samples.Count.ToString(CultureInfo.InvariantCulture);
        return string.Create(
            CultureInfo.InvariantCulture, $"{nameof(RandomStart)} {{ Seed = {Seed}, Deviation = {Deviation}, Samples = {samples} }}");
    }

    private Tensor Draw(long[] shape, long sample)
    {
        using Generator generator = new(Mixed(((ulong)(uint)Seed << 32) ^ Mixed((ulong)sample)), CPU);
        return randn(shape, ScalarType.Float64, generator: generator) * Deviation;
    }

    private static ulong Mixed(ulong bits) => SplitMix.Mix(bits + SplitMix.Step);
}
