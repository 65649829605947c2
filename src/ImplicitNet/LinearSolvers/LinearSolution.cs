using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>What a linear solve found, and how well. Dispose it when the vectors are no longer needed.</summary>
public sealed class LinearSolution : IDisposable
{
    internal LinearSolution(Tensor vectors, IReadOnlyList<LinearSampleReport> samples)
    {
        Vectors = vectors;
        Samples = samples;
    }

    /// <summary>x: [batch, n], always finite; zeros where not one product was finite. Owned by this solution.</summary>
    public Tensor Vectors { get; }

    /// <summary>One entry a sample, in the order of the batch.</summary>
    public IReadOnlyList<LinearSampleReport> Samples { get; }

    /// <inheritdoc/>
    public void Dispose() => Vectors.Dispose();
}
