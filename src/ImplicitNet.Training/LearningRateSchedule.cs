namespace ImplicitNet.Training;

/// <summary>How the learning rate changes over a run, as a factor of the base rate.</summary>
public abstract record LearningRateSchedule
{
    /// <summary>The factor for one optimiser step.</summary>
    /// <param name="step">The step, from 0, after the warm-up.</param>
    /// <param name="steps">All steps after the warm-up; at least 1.</param>
    /// <returns>In [0, 1], dimensionless.</returns>
    public abstract double Factor(long step, long steps);
}
