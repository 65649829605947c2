using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Cli;

/// <summary>What evaluate --starts tells of all samples.</summary>
internal sealed record StartsResult
{
    /// <summary>Starts of every solve.</summary>
    public required int Starts { get; init; }

    /// <summary>Samples that converged from all of them.</summary>
    public int ConvergedFromAll { get; init; }

    /// <summary>Samples with one answer, from two starts at least that converged; of turned samples from all starts.</summary>
    public int SameAnswers { get; init; }

    /// <summary>The largest distance of two fixed points of a sample, relative.</summary>
    public double? Distance { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>The least cosine between two fixed points of a sample.</summary>
    public double? Cosine { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>
    /// Whether each start solves a sample turned or mirrored in another way: then answers are compared however their solves ended, and
    /// fixed points are not, being those of different inputs.
    /// </summary>
    public bool Turned { get; init; }

    /// <summary>
    /// The probability that a right sample has more agreeing starts than a wrong one; null where all samples are right or all are wrong,
    /// and, unless they are turned, without --output. Right or wrong is the answer that the most starts came to, not that of the smallest
    /// residual.
    /// </summary>
    public double? Area { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>The same by the probability of the least sure part of an answer, in place of agreeing starts.</summary>
    public double? AreaOfProbability { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>The share of samples where the answer that the most starts came to is right; null where that was not looked at.</summary>
    public double? Accuracy { get; init; }

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

    /// <summary>Sums up what turned starts came to.</summary>
    public static StartsResult Of(StartsStudy study) => Of(study.Starts,
    [
        .. study.Samples.Select(sample => new Sample
        {
            Converged = sample.Converged,
            SameAnswer = sample.Agreeing == 0 ? null : sample.Agreeing == study.Starts,
            Agreeing = sample.Agreeing,
            LeastProbability = sample.LeastProbability,
            IsRight = sample.IsRight,
        }),
    ]) with
    {
        Turned = true,
    };

    /// <summary>The same with what a study says of right and wrong.</summary>
    public StartsResult With(StartsStudy study) => this with
    {
        Area = study.AreaUnderCurve,
        AreaOfProbability = study.AreaOfProbability,
        Accuracy = (double)study.Samples.Count(sample => sample.IsRight) / study.Samples.Count,
    };

    /// <summary>One sample: how far the fixed points of the starts from which it converged agree, and whether their answers do.</summary>
    internal sealed record Sample
    {
        public required int Converged { get; init; }

        public double? Distance { get; init => field = FiniteNumber.OrNull(value); }

        public double? Cosine { get; init => field = FiniteNumber.OrNull(value); }

        /// <summary>Null with fewer than two starts from which it converged, or, of turned starts, where none is finite.</summary>
        public bool? SameAnswer { get; init; }

        /// <summary>Of turned starts the most that came to one answer.</summary>
        public int? Agreeing { get; init; }

        /// <summary>Of turned starts whether that answer is right.</summary>
        public bool? IsRight { get; init; }

        /// <summary>Of turned starts the probability of the least sure part of that answer.</summary>
        public double? LeastProbability { get; init => field = FiniteNumber.OrNull(value); }
    }
}
