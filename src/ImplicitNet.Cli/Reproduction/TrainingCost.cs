namespace ImplicitNet.Cli.Reproduction;

/// <summary>What a training costs on this machine, by a short calibration.</summary>
internal sealed record TrainingCost
{
    /// <summary>The training's name.</summary>
    public required string Name { get; init; }

    /// <summary>Seconds an epoch, validation included.</summary>
    public required double SecondsPerEpoch
    {
        get;
        init => field = value is > 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(SecondsPerEpoch), value, "An epoch takes a finite time above 0.");
    }

    /// <summary>Seconds a run takes beside its epochs: start, data, test, report.</summary>
    public required double SecondsPerRun
    {
        get;
        init => field = value is >= 0 and < double.PositiveInfinity ? value : throw new ArgumentOutOfRangeException(
            nameof(SecondsPerRun), value, "A run takes a finite time of at least 0 beside its epochs.");
    }
}
