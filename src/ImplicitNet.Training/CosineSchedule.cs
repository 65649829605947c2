namespace ImplicitNet.Training;

/// <summary>
/// <c>(1 + cos(pi step / steps)) / 2</c>: from the base rate to zero along half a cosine (Loshchilov and Hutter, ICLR 2017, without
/// restarts).
/// </summary>
public sealed record CosineSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    public override double Factor(long step, long steps) => (1 + Math.Cos(Math.PI * Math.Min(step, steps) / Math.Max(1, steps))) / 2;
}
