namespace ImplicitNet.Cli;

/// <summary>What predict prints under --json.</summary>
internal sealed record PredictionResult
{
    public required string Model { get; init; }

    public required IReadOnlyList<Prediction> Images { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Starts of every solve.</summary>
    public int Starts { get; init; } = 1;

    /// <summary>The status of a picture that nothing is written on: it was not classified.</summary>
    public const string NoInk = "NoInk";

    /// <summary>
    /// The answer for one image. Probabilities that are not finite are null. Without ink class, name and residual are null, there are no
    /// probabilities and no steps, and the status is <see cref="NoInk"/>; else it is that of the solve.
    /// </summary>
    internal sealed record Prediction(
        string Path, int? Class, string? Name, IReadOnlyList<double?> Probabilities, int Steps, string Status, double? Residual)
    {
        /// <summary>How far several starts agree; null for one start.</summary>
        public StartsResult.Sample? Agreement { get; init; }
    }
}
