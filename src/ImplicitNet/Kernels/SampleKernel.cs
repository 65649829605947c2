namespace ImplicitNet.Kernels;

/// <summary>
/// A map of samples in plain memory, without a graph, that is applied to a few of them at a time while they are in the cache. A sample's
/// values do not depend on those beside it, bit by bit. Used by several threads at once.
/// </summary>
internal abstract class SampleKernel
{
    /// <summary>Numbers of a sample.</summary>
    public required int Size { get; init; }

    /// <summary>So many samples are best applied to together.</summary>
    public required int AtOnce { get; init; }

    /// <summary>What a sample's map computes with beside the sample: <see cref="Size"/> numbers.</summary>
    /// <param name="sample">Its position in the batch.</param>
    public abstract ReadOnlySpan<float> Input(int sample);

    /// <summary>Applies the map.</summary>
    /// <param name="samples">Some samples, one behind the other.</param>
    /// <param name="inputs">The <see cref="Input"/> of each of them, likewise.</param>
    /// <param name="values">What becomes of them; not the samples.</param>
    public abstract void Apply(ReadOnlySpan<float> samples, ReadOnlySpan<float> inputs, Span<float> values);
}
