namespace ImplicitNet.Cli;

/// <summary>What predict prints under --json.</summary>
internal sealed record PredictionResult
{
    public required string Model { get; init; }

    public required IReadOnlyList<Prediction> Images { get; init; }

    public required double Seconds { get; init; }

    /// <summary>The answer for one image. Probabilities that are not finite are null.</summary>
    internal sealed record Prediction(string Path, int? Class, string? Name, IReadOnlyList<double?> Probabilities, int Steps, string Status, double? Residual);
}
