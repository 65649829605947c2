namespace ImplicitNet.Training;

/// <summary>
/// When a run ends before its last epoch. The run is then complete, with the best weights. These limits are not part of what identifies a
/// run: one that stopped can be resumed with wider limits.
/// </summary>
public sealed record EarlyStopping
{
    /// <summary>
    /// The number of epochs after the best one after which the run ends, if none of them has a better score, or an equal one with a smaller
    /// loss; at least 1; default: no limit.
    /// </summary>
    public int? Patience
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Patience), value, "The patience must be at least 1 epoch.");
    }

    /// <summary>
    /// The wall-clock time of training and validation after which the run ends, including the time before it was resumed; above 0; default:
    /// no limit. It is checked after every step. The weights of an epoch cut short are validated too.
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
