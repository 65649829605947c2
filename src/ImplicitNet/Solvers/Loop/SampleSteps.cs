namespace ImplicitNet.Solvers.Loop;

/// <summary>
/// A method's steps of one sample in plain memory, to the bit what its <see cref="FixedPointIteration"/> does with the sample in a batch.
/// One object serves one sample after the other, in one thread.
/// </summary>
internal abstract class SampleSteps
{
    /// <summary>Begins with another sample.</summary>
    public abstract void Begin();

    /// <summary>Makes a step.</summary>
    /// <param name="latent">u.</param>
    /// <param name="mapped">map(u).</param>
    /// <param name="next">Filled with the next iterate.</param>
    /// <returns>Whether the step that led here is kept.</returns>
    public abstract bool Advance(ReadOnlySpan<float> latent, ReadOnlySpan<float> mapped, Span<float> next);
}
