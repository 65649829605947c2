namespace ImplicitNet.Training;

/// <summary>
/// Trains the first steps as the unrolled network, R applied a few times from the start by plain backpropagation, and goes on as another
/// schedule: weights that nobody has trained yet need not have a fixed point that is worth finding (Bai, Kolter and Koltun, NeurIPS 2019,
/// whose shallow weight-tied networks are trained so before they are solved).
/// </summary>
/// <remarks>
/// Validations go by the layers' own rules from the beginning. Memory and time of such a step are those of <see cref="Applications"/>
/// layers, and one evaluation more. Flows are not unrolled.
/// </remarks>
public sealed record UnrolledPretraining : SolveSchedule
{
    /// <summary>The training steps that it is for; at least 1; default 1000.</summary>
    public long TrainingSteps
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(TrainingSteps), value, "At least 1 training step is needed.");
    } = 1000;

    /// <summary>How often R is applied; at least 1; default 3.</summary>
    public int Applications
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Applications), value, "At least 1 application is needed.");
    } = 3;

    /// <summary>
    /// The schedule afterwards, noise of starts and tolerance included; default <see cref="SolveSchedule.UntilConverged"/>.
    /// </summary>
    public SolveSchedule Then
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Then));
    } = UntilConverged;

    /// <inheritdoc/>
    public override IReadOnlyList<SolvePhase> Phases(ulong draw) => [new() { Unrolled = Applications }];

    /// <inheritdoc/>
    public override SolveSchedule At(long step) => step <= TrainingSteps ? this : Then.At(step - TrainingSteps);
}
