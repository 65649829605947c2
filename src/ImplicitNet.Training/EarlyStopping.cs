namespace ImplicitNet.Training;

/// <summary>
/// When a run ends before its last epoch. It then is complete, with the best weights, and does not belong to what a checkpoint knows its
/// run by: a run that stopped goes on where the limits are wider.
/// </summary>
public sealed record EarlyStopping
{
    /// <summary>
    /// Epochs after the best one after which the run ends: without a better score, or as good a one with a smaller loss; at least 1;
    /// default: none.
    /// </summary>
    public int? Patience
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Patience), value, "The patience must be at least 1 epoch.");
    }

    /// <summary>
    /// Wall-clock time of training and validation after which the run ends, that before a resumption included; above 0; default: none. It
    /// is looked at after every step. The weights of an epoch cut short are validated too.
    /// </summary>
    public TimeSpan? After
    {
        get;
        init => field = value is null || value > TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(nameof(After), value, "The time must be above 0.");
    }

    /// <summary>Why a run is to end by this; null where it is not.</summary>
    /// <param name="seconds">Spent in it.</param>
    /// <param name="epochs">Since its best one.</param>
    internal StopReason? Due(double seconds, int epochs) => After is { } time && seconds >= time.TotalSeconds ? StopReason.Time
        : Patience is { } patience && epochs >= patience ? StopReason.Patience
        : null;
}
