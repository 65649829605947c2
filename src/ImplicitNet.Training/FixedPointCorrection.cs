namespace ImplicitNet.Training;

/// <summary>
/// A loss of several iterates on the way to the fixed point, the later ones weighing more: the way is trained, and not its end alone (Bai
/// et al., CVPR 2022, "fixed-point correction").
/// </summary>
public sealed record FixedPointCorrection : SolveSchedule
{
    /// <summary>Iterates in the loss, that at the end included; at least 1; default 3.</summary>
    public int Iterates
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Iterates), value, "At least 1 is needed.");
    } = 3;

    /// <summary>
    /// Solver steps between two of them; at least 1; default 5. From the last but one on, the solve goes on until converged.
    /// </summary>
    public int StepsBetween
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(StepsBetween), value, "At least 1 is needed.");
    } = 5;

    /// <summary>Weight of an iterate's loss over that of the one after it; in [0, 1]; default 0.8.</summary>
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
