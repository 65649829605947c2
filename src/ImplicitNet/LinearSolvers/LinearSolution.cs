using System.Globalization;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>What a linear solve found, and how well. Dispose it when the vectors are no longer needed.</summary>
public sealed class LinearSolution : IDisposable
{
    internal LinearSolution(Tensor vectors, IReadOnlyList<LinearSampleReport> samples, long products)
    {
        Vectors = vectors;
        Samples = samples;
        Products = products;
    }

    /// <summary>
    /// x: [batch, n], always finite; where no product was finite, it is the start, or zeros without one. Owned by this solution.
    /// </summary>
    public Tensor Vectors { get; }

    /// <summary>One entry per sample, in the order of the batch.</summary>
    public IReadOnlyList<LinearSampleReport> Samples { get; }

    /// <summary>
    /// The products made with the operator, those with its transpose included: samples in each product, summed over all. At least the sum
    /// over <see cref="Samples"/>: a sample that has ended takes part in products until it leaves the batch.
    /// </summary>
    public long Products { get; }

    /// <summary>True when every sample converged; an empty batch did.</summary>
    public bool AllConverged => Samples.All(sample => sample.Status == LinearStatus.Converged);

    /// <summary>One line: how many samples ended how, the worst residual, and the products paid.</summary>
    public override string ToString()
    {
        string statuses = string.Join(", ", Samples.GroupBy(sample => sample.Status).OrderBy(group => group.Key)
            .Select(group => $"{group.Count()} {group.Key}"));
        double worst = Samples.Select(sample => sample.RelativeResidual).DefaultIfEmpty(0).Max();
        return string.Create(CultureInfo.InvariantCulture,
            $"{Samples.Count} samples ({statuses}), relative residual {worst:g3} at most, {Products} products.");
    }

    /// <inheritdoc/>
    public void Dispose() => Vectors.Dispose();
}
