namespace ImplicitNet.Cli;

/// <summary>What predict prints under --json.</summary>
internal sealed record PredictionResult
{
    public required string Model { get; init; }

    public required IReadOnlyList<Prediction> Images { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Starts of every solve.</summary>
    public int Starts { get; init; } = 1;

    /// <summary>The status of a picture that nothing is on, one colour everywhere or no ink: it was not classified.</summary>
    public const string NoInk = "NoInk";

    /// <summary>The status of a file that is no picture, or cannot be read.</summary>
    public const string Unreadable = "Unreadable";

    /// <summary>
    /// The answer for one image. Probabilities that are not finite are null. Where nothing was classified class, name and residual are
    /// null, there are no probabilities and no steps, and the status is <see cref="NoInk"/> or <see cref="Unreadable"/>; else it is that of
    /// the solve.
    /// </summary>
    internal sealed record Prediction(
        string Path, int? Class, string? Name, IReadOnlyList<double?> Probabilities, int Steps, string Status, double? Residual)
    {
        /// <summary>How far several starts agree; null for one start.</summary>
        public StartsResult.Sample? Agreement { get; init; }

        /// <summary>How much likelier the answer is than the next, 0 to 1; null where a probability is not finite.</summary>
        public double? Margin { get; init; }

        /// <summary>How much of a digit's field is ink, 0 to 1; null for other pictures.</summary>
        public double? Ink { get; init; }

        /// <summary>How wide a digit's strokes are in pixels of the model; null for other pictures.</summary>
        public double? StrokeWidth { get; init; }

        /// <summary>Measured reasons to doubt the answer, names of <see cref="Cli.Doubts"/>.</summary>
        public IReadOnlyList<string> Doubts { get; init; } = [];

        /// <summary>Why nothing was classified; null where something was.</summary>
        public string? Error { get; init; }

        /// <summary>How far the latent is from its fixed point at most, by the residual; null where no bound is known.</summary>
        public double? ErrorBound { get; init => field = FiniteNumber.OrNull(value); }

        /// <summary>The norm of that distance; null where there is none.</summary>
        public string? ErrorNorm { get; init; }
    }
}
