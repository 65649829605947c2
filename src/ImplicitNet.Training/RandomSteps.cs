namespace ImplicitNet.Training;

/// <summary>
/// Cuts solves short after a number of steps that is drawn for every training step, so that the answers of the network improve with more
/// steps, whatever their number (Bansal et al., NeurIPS 2022, "progressive training").
/// </summary>
public sealed record RandomSteps : SolveSchedule
{
    /// <summary>The fewest steps; at least 1; default 1.</summary>
    public int From
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(From), value, "At least 1 step is needed.");
    } = 1;

    /// <summary>The most steps; at least <see cref="From"/>; default 30.</summary>
    public int To
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(To), value, "At least 1 step is needed.");
    } = 30;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException"><see cref="To"/> is below <see cref="From"/>.</exception>
    public override IReadOnlyList<SolvePhase> Phases(ulong draw) => To >= From
        ? [new() { Steps = From + (int)(draw % (ulong)((long)To - From + 1)) }]
        : throw new InvalidOperationException($"Random steps need To of at least From. Given: from {From} to {To}.");
}
