using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Statuses;

/// <summary>A map in plain C#, sample by sample.</summary>
/// <param name="u">The latent of a sample.</param>
/// <param name="q">Its input.</param>
/// <param name="value">Filled with map(u).</param>
/// <param name="size">Filled with the magnitudes of what is summed up to the value: rounding is a share of these.</param>
internal delegate void PlainMap(ReadOnlySpan<double> u, ReadOnlySpan<double> q, Span<double> value, Span<double> size);

/// <summary>A family of maps, each told twice: in torch's operations for the library, in plain C# for the referee.</summary>
internal abstract class MapFamily(string name)
{
    /// <summary>What findings call it.</summary>
    public string Name { get; } = name;

    /// <summary>
    /// Above 0 where no map of the family has a fixed point: the least residual of every element, by construction, in units of
    /// the scale.
    /// </summary>
    public double LeastResidual { get; init; }

    /// <summary>
    /// Whether the maps are constant between their jumps: then there is nothing that Newton's method could use, and it may
    /// refuse them in a few words.
    /// </summary>
    public bool IsFlat { get; init; }

    /// <summary>Numbers in the input of a sample of some size.</summary>
    public abstract int InputSize(int size);

    /// <summary>Draws the latent to start from and the input of one sample.</summary>
    /// <param name="random">The source.</param>
    /// <param name="size">Numbers in the latent.</param>
    /// <param name="scale">The unit of the latent: a power of two.</param>
    public abstract (double[] Start, double[] Input) Draw(Random random, int size, double scale);

    /// <summary>u: [batch, n], q: [batch, <see cref="InputSize"/>].</summary>
    public abstract Tensor Torch(Tensor u, Tensor q);

    /// <summary>The same, by other means.</summary>
    public abstract void Plain(ReadOnlySpan<double> u, ReadOnlySpan<double> q, Span<double> value, Span<double> size);
}
