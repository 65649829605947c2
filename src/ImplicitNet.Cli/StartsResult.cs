namespace ImplicitNet.Cli;

/// <summary>What evaluate --starts tells of all samples.</summary>
internal sealed record StartsResult
{
    /// <summary>Starts of every solve.</summary>
    public required int Starts { get; init; }

    /// <summary>Samples that converged from all of them.</summary>
    public int ConvergedFromAll { get; init; }

    /// <summary>Samples with one answer, from two starts at least that converged.</summary>
    public int SameAnswers { get; init; }

    /// <summary>The largest distance of two fixed points of a sample, relative.</summary>
    public double? Distance { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>The least cosine between two fixed points of a sample.</summary>
    public double? Cosine { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>
    /// The probability that a right sample has more agreeing starts than a wrong one; null without --output, and where all samples are
    /// right or all are wrong. Right or wrong is the answer that the most starts came to, not that of the smallest residual.
    /// </summary>
    public double? Area { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>One a sample, in order.</summary>
    public required IReadOnlyList<Sample> Samples { get; init; }

    /// <summary>Sums samples up.</summary>
    public static StartsResult Of(int starts, IReadOnlyList<Sample> samples) => new()
    {
        Starts = starts,
        ConvergedFromAll = samples.Count(sample => sample.Converged == starts),
        SameAnswers = samples.Count(sample => sample.SameAnswer == true),
        Distance = samples.Max(sample => sample.Distance),
        Cosine = samples.Min(sample => sample.Cosine),
        Samples = samples,
    };

    /// <summary>One sample: how far the fixed points of the starts from which it converged agree, and whether their answers do.</summary>
    internal sealed record Sample
    {
        public required int Converged { get; init; }

        public double? Distance { get; init => field = FiniteNumber.OrNull(value); }

        public double? Cosine { get; init => field = FiniteNumber.OrNull(value); }

        /// <summary>Null with fewer than two starts from which it converged.</summary>
        public bool? SameAnswer { get; init; }
    }
}
