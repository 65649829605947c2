namespace ImplicitNet.Training;

/// <summary>
/// Puts several iterates on the way to the fixed point into the loss, with more weight on later ones: the whole path is trained, not only
/// its end (Bai et al., CVPR 2022, "fixed-point correction").
/// </summary>
public sealed record FixedPointCorrection : SolveSchedule
{
    /// <summary>The number of iterates in the loss, including the one at the end; at least 1; default 3.</summary>
    public int Iterates
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Iterates), value, "At least 1 is needed.");
    } = 3;

    /// <summary>
    /// The number of solver steps between two of them; at least 1; default 5. After the last but one, the solve goes on until it has
    /// converged.
    /// </summary>
    public int StepsBetween
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(StepsBetween), value, "At least 1 is needed.");
    } = 5;

    /// <summary>The weight of an iterate's loss relative to that of the next one; in [0, 1]; default 0.8.</summary>
    public double Discount
    {
        get;
        init => field = value is >= 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Discount), value, "The discount must be in [0, 1].");
    } = 0.8;

    /// <inheritdoc/>
    public override IReadOnlyList<SolvePhase> Phases(ulong draw) =>
    [
        .. from iterate in Enumerable.Range(1, Iterates)
            select new SolvePhase
            {
                Steps = iterate < Iterates ? StepsBetween : null,
                LossWeight = Math.Pow(Discount, Iterates - iterate),
            },
    ];
}
