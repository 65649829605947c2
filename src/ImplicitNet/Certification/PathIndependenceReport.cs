namespace ImplicitNet.Certification;

/// <summary>What several starts led to, solve by solve and sample by sample. Plain numbers; it owns no tensor.</summary>
public sealed record PathIndependenceReport
{
    internal PathIndependenceReport(
        int starts, IReadOnlyList<SolvePaths> solves, IReadOnlyList<PathAgreement> outputs, IReadOnlyList<bool?> sameAnswers)
    {
        Starts = starts;
        Solves = solves;
        Outputs = outputs;
        SameAnswers = sameAnswers;
    }

    /// <summary>The number of starts tried.</summary>
    public int Starts { get; }

    /// <summary>One entry for every implicit solve of the model, in the order in which they were made.</summary>
    public IReadOnlyList<SolvePaths> Solves { get; }

    /// <summary>
    /// The outputs of every sample, from the starts from which all its solves converged. Empty where the output is one number.
    /// </summary>
    public IReadOnlyList<PathAgreement> Outputs { get; }

    /// <summary>
    /// For every sample, whether those outputs all give the same answer; null with fewer than two starts. Empty where no answers were asked
    /// for.
    /// </summary>
    public IReadOnlyList<bool?> SameAnswers { get; }

    /// <summary>The largest distance between two fixed points; NaN where no sample has two.</summary>
    public double Distance => Known(solve => solve.Distance).DefaultIfEmpty(double.NaN).Max();

    /// <summary>The least cosine between two fixed points; NaN where no sample has two.</summary>
    public double Cosine => Known(solve => solve.Cosine).DefaultIfEmpty(double.NaN).Min();

    /// <summary>One line: how many converged from all starts, the largest distance, the least cosine, the answers.</summary>
    public override string ToString()
    {
        PathAgreement[] all = [.. Solves.SelectMany(solve => solve.Samples)];
        int whole = all.Count(sample => sample.Converged == sample.Starts);
        int known = SameAnswers.Count(same => same is not null);
        string answers = known == 0 ? "" : Text($" {SameAnswers.Count(same => same == true)} of {known} answers are the same.");
        return Text($"{whole} of {all.Length} samples converged from all {Starts} starts; of what converged, ")
            + Text($"the distance is {Distance:g3} at most and the cosine {Cosine:0.0000} at least.") + answers;
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private IEnumerable<double> Known(Func<PathAgreement, double> number) =>
        Solves.SelectMany(solve => solve.Samples).Select(number).Where(value => !double.IsNaN(value));
}
