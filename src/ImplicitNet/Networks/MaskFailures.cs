using ImplicitNet.Solvers;

namespace ImplicitNet.Networks;

/// <summary>
/// Leaves failed samples out: their latents send back no gradient, and <see cref="ImplicitResult.Average"/> does not
/// count their losses. The report still says which they were.
/// </summary>
/// <remarks>
/// Gradients of weights are those of the batch without them, also where a sample is NaN: another stands in for it wherever a graph is
/// built. That costs, in a batch where a sample failed, one more <see cref="Operators.LatentOperator.Bind"/>. What a user's own encoder in
/// front of an <see cref="ImplicitLayer"/> makes of data that are NaN is its own.
/// </remarks>
public sealed record MaskFailures : FailurePolicy
{
    /// <inheritdoc/>
    public override bool Excludes(SampleReport sample) => sample.Status != SolveStatus.Converged;
}
