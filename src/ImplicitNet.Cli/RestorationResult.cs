namespace ImplicitNet.Cli;

/// <summary>
/// What restore prints under --json. Its names are an interface: they stay. What is not finite, or was not asked for, is null.
/// </summary>
internal sealed record RestorationResult
{
    public required string Model { get; init; }

    public required string Photo { get; init; }

    public required string Output { get; init; }

    public required int Height { get; init; }

    public required int Width { get; init; }

    /// <summary>How the solve ended.</summary>
    public required string Status { get; init; }

    public required int Steps { get; init; }

    public double? Residual { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>Of the solve.</summary>
    public required double Seconds { get; init; }

    /// <summary>Of the file that was written, against the original, in decibels.</summary>
    public double? Psnr { get; init => field = FiniteNumber.OrNull(value); }

    public double? Ssim { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>Of what was restored, against the original.</summary>
    public double? PsnrInput { get; init => field = FiniteNumber.OrNull(value); }

    public double? SsimInput { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>Of Wiener's filter, tuned against the original; null where what was measured has none.</summary>
    public double? PsnrWiener { get; init => field = FiniteNumber.OrNull(value); }

    public double? SsimWiener { get; init => field = FiniteNumber.OrNull(value); }
}
