namespace ImplicitNet.Training;

/// <summary>A constant learning rate: the base rate throughout.</summary>
public sealed record ConstantSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    public override double Factor(long step, long steps) => 1;
}
