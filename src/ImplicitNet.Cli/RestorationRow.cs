namespace ImplicitNet.Cli;

/// <summary>
/// How near restored images are to what they were: one entry of restorations in the result of evaluate. Its names are an interface: they
/// stay. What is not finite is null.
/// </summary>
internal sealed record RestorationRow
{
    /// <summary>What restored them, such as "Wiener filter" and "4 steps".</summary>
    public required string Name { get; init; }

    /// <summary>In decibels, on average.</summary>
    public double? Psnr { get; init => field = FiniteNumber.OrNull(value); }

    public double? Ssim { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>The number that was tuned on the images themselves; null where there is none.</summary>
    public double? Strength { get; init; }

    /// <summary>Solver steps at most; null of other methods.</summary>
    public int? Steps { get; init; }

    /// <summary>A word on it, for the screen.</summary>
    public string Note { get; init; } = "";

    /// <summary>The folder of the network; null of other methods.</summary>
    public string? Model { get; init; }
}
