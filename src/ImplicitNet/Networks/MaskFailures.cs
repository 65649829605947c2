using ImplicitNet.Flows;
using ImplicitNet.Solvers;

namespace ImplicitNet.Networks;

/// <summary>
/// Leaves failed samples out of the loss: their latents send back no gradient, and <see cref="ImplicitResult.Average"/> does not count
/// their losses. The report still says which they were.
/// </summary>
/// <remarks>
/// Gradients of weights are those of the batch without these samples, even where a sample is NaN: another one stands in for it wherever a
/// graph is built. In a batch where a sample failed, that costs one more <see cref="Operators.LatentOperator.Bind"/>. What your own encoder
/// in front of an <see cref="ImplicitLayer"/> does with data that are NaN is up to that encoder.
/// </remarks>
public sealed record MaskFailures : FailurePolicy
{
    /// <inheritdoc/>
    public override bool Excludes(SampleReport sample) => sample.Status != SolveStatus.Converged;

    /// <inheritdoc/>
    public override bool Excludes(FlowSampleReport sample) => !sample.HasSucceeded;
}
