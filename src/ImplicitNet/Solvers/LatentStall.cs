using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// Counts a moving front as progress, although the residual stays level until the front has arrived: u must have moved within the patience
/// by more than a share of its norm. A residual that falls is progress as well.
/// </summary>
/// <remarks>
/// For maps that carry what they know from place to place, as algorithms on sequences and grids do. Once per patience, u is compared with
/// what it was one patience ago: a cycle whose period divides the patience stands still, a cycle with another period moves. A sample is
/// given up at most two patiences after its front has stopped. Costs one copy of u and, at those steps, two passes over it.
/// </remarks>
public sealed record LatentStall : Stall
{
    /// <summary>The share of <c>||u||</c>, in the L2 norm, dimensionless; in [0, 1); default 0.001.</summary>
    public double Share
    {
        get;
        init => field = value is >= 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Share), value, "The share of the norm must be in [0, 1).");
    } = 1e-3;

    /// <inheritdoc/>
    public override Tensor? HasMoved(Tensor before, Tensor now)
    {
        using DisposeScope scope = NewDisposeScope();
        return (ResidualNorm.L2.Measure(now - before) > ResidualNorm.L2.Measure(now) * Share).MoveToOuterDisposeScope();
    }
}
