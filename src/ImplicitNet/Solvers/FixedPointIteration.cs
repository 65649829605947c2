using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// One solve in progress: it holds the current iterate and whatever memory the method keeps, and owns those tensors. It knows nothing of
/// tolerances, limits or statuses; the loop of <see cref="FixedPoint.Solve"/> handles those.
/// </summary>
public abstract class FixedPointIteration : IDisposable
{
    /// <summary>Measures the residual at the current iterate and moves on to the next one.</summary>
    /// <returns>The iterate that was measured and its residual. The caller owns both.</returns>
    public abstract FixedPointStep Step();

    /// <summary>Goes on with some samples of the batch only.</summary>
    /// <param name="map">The map of those samples; it must outlive the iteration.</param>
    /// <param name="samples">Positions in the batch as it is now: [count], int64.</param>
    public abstract void Restrict(FixedPointMap map, Tensor samples);

    /// <summary>
    /// Called when samples have finished, at the iterate that the last step measured, while they are still in the batch. A method that
    /// keeps something about each sample saves it here; by default nothing is done.
    /// </summary>
    /// <param name="positions">Their positions in the batch as it is now.</param>
    /// <param name="samples">Their positions in the original batch.</param>
    public virtual void Finish(IReadOnlyList<int> positions, IReadOnlyList<int> samples)
    {
    }

    /// <summary>
    /// What was learned of <c>(I - J)^-1</c> at the samples' answers. Called once, when all samples are finished; null, the default, if
    /// nothing was learned.
    /// </summary>
    /// <returns>The inverse, or null. The caller owns it.</returns>
    public virtual LowRankInverse? TakeInverse() => null;

    /// <summary>Releases the tensors of the solve.</summary>
    public abstract void Dispose();
}
