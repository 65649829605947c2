namespace ImplicitNet.Training;

/// <summary>How far the solves of training steps go, and which of their iterates count in the loss.</summary>
/// <remarks>Each phase calls the model once, so its encoder and readout are run once per phase.</remarks>
public abstract record SolveSchedule
{
    /// <summary>Every solve goes by its layer's own rule. The default.</summary>
    public static SolveSchedule UntilConverged { get; } = new UntilConvergedSchedule();

    /// <summary>
    /// Standard deviation of normal noise that is added to where the solves of a step start, in the units of the latents; drawn anew for
    /// every sample and step; at least 0 and finite; default 0. An answer that is reached in spite of it does not depend on the start.
    /// </summary>
    public double StartNoise
    {
        get;
        init => field = value is >= 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(StartNoise), value, "The noise must be at least 0 and finite.");
    }

    /// <summary>
    /// Relative tolerance of the solves of training steps, dimensionless; in (0, 1), or null, the default, for that of the layers' own
    /// rules. Evaluations go by the layers' own whatever this is.
    /// </summary>
    public double? RelativeTolerance
    {
        get;
        init => field = value is null or (> 0 and < 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RelativeTolerance), value, "The relative tolerance must be in (0, 1).");
    }

    /// <summary>The phases of one training step: at least one, and at least one of them with a share in the loss.</summary>
    /// <param name="draw">Drawn uniformly from all 64-bit numbers for this step: a function of the seed and the step.</param>
    public abstract IReadOnlyList<SolvePhase> Phases(ulong draw);

    /// <summary>The schedule of one training step: this one, but where the number of the step decides.</summary>
    /// <param name="step">The step's number, from 1; of a schedule that another goes over to, from there.</param>
    public virtual SolveSchedule At(long step) => this;

    private sealed record UntilConvergedSchedule : SolveSchedule
    {
        public override IReadOnlyList<SolvePhase> Phases(ulong draw) => [new()];
    }
}
