using ImplicitNet.Operators;
using ImplicitNet.Solvers;

namespace ImplicitNet.Certification;

/// <summary>How good the gradient of one batch is. Plain numbers; it owns no tensor.</summary>
public sealed record GradientCertificate
{
    // A choice: the limits above are told apart by tenths, so a reference that is off by hundredths can carry them.
    private const double LargestReferenceResidual = 0.01;

    internal GradientCertificate(string label, Agreement gradient, IReadOnlyList<SolveCertificate> solves)
    {
        Label = label;
        Gradient = gradient;
        Solves = solves;
        Samples = [.. solves.SelectMany(solve => solve.Samples)];
        DirectionBound = solves.Count == 0 || solves.Any(solve => solve.DirectionBound is null)
            ? null
            : solves.Max(solve => solve.DirectionBound);
        Contraction = solves.Count == 0
            ? ContractionReport.Of(null, [])
            : solves.Select(solve => solve.Contraction).Aggregate((worst, next) => next.Measured <= worst.Measured ? worst : next);
    }

    /// <summary>The gradient that was examined, such as "JFB" or "Neumann(3)".</summary>
    public string Label { get; }

    /// <summary>The parameter gradient of the batch's mean loss: the one used against the exact one.</summary>
    public Agreement Gradient { get; }

    /// <summary>
    /// The bound that theory gives for the relative error of the directions, before anything is measured: gamma for JFB (<c>w - g = J^T
    /// w</c>, so <c>||w - g|| &lt;= gamma ||w|| &lt;= gamma / (1 - gamma) ||g||</c>) and gamma^(k + 1) for Neumann(k). Null for other
    /// gradients, and where gamma (certified in L2, else the largest measured there) is not below 1. With several solves it is the largest
    /// of theirs, or null where one of them has none.
    /// </summary>
    public double? DirectionBound { get; }

    /// <summary>
    /// The contraction factor: declared, certified, and measured at the samples. With several solves it is the one with the largest
    /// measured factor.
    /// </summary>
    public ContractionReport Contraction { get; }

    /// <summary>One entry for every implicit solve of the model, in the order in which they were made; a network has one.</summary>
    public IReadOnlyList<SolveCertificate> Solves { get; }

    /// <summary>
    /// One entry per sample, in the order of the batch, or a single one for a map that couples the samples. The entries of several solves
    /// follow each other. Where several processes trained, those of the first one's share come first, and a map that couples the samples
    /// has an entry for each share.
    /// </summary>
    public IReadOnlyList<SampleCertificate> Samples { get; }

    /// <summary>The samples that count in the loss.</summary>
    public IEnumerable<SampleCertificate> Counted => Samples.Where(sample => sample.Counts);

    /// <summary>The largest relative residual of the reference among the samples that count; NaN if none does.</summary>
    public double ReferenceResidual => Counted.Select(sample => sample.ReferenceResidual).DefaultIfEmpty(double.NaN).Aggregate(Math.Max);

    /// <summary>The verdict: good, doubtful, misleading or unknown.</summary>
    public Verdict Verdict => Unconverged == Counted.Count() || !(ReferenceResidual <= LargestReferenceResidual) ? Verdict.Unknown
        : Gradient.Judged == Verdict.Good && Unconverged > 0 ? Verdict.Doubtful
        : Gradient.Judged;

    /// <summary>The verdict in one plain sentence.</summary>
    public string Explanation => Verdict switch
    {
        Verdict.Good => Text($"The gradient is good: a step along it makes {100 * Gradient.Cosine:0.0} % of the decrease of an exact ")
            + "step of the same length.",
        Verdict.Doubtful when Gradient.Cosine >= Agreement.GoodCosine && Unconverged > 0 =>
            Text($"The gradient is doubtful: its cosine to the exact one is {Gradient.Cosine:0.000}, ")
                + Text($"but {Unconverged} solves did not converge."),
        Verdict.Doubtful when Gradient.Cosine >= Agreement.GoodCosine => Text(
            $"The gradient is doubtful: its direction is right (cosine {Gradient.Cosine:0.000}), ")
                + Text($"but its length is {Length} of the exact one. ")
            + Text($"Relative error: {Gradient.RelativeError:0.000}. Scale the learning rate, or use more terms or products."),
        Verdict.Doubtful => Text($"The gradient is doubtful: a step along it makes {100 * Gradient.Cosine:0.0} % of the decrease of an ")
            + "exact step of the same length. More terms or products would help.",
        Verdict.Misleading when Gradient.Cosine < 0 => "The gradient is misleading: "
            + Text($"a step along it raises the loss (cosine {Gradient.Cosine:0.000}). Use the exact gradient, or contract more."),
        Verdict.Misleading => Text($"The gradient is misleading: its cosine to the exact one is {Gradient.Cosine:0.000}. ")
            + "Use the exact gradient, or contract more.",
        _ when Solves.Count == 0 => "Nothing is known: the model made no implicit solve.",
        _ when !Counted.Any() => "Nothing is known: no sample counts in the loss.",
        _ when Unconverged == Counted.Count() => "Nothing is known: no solve that counts converged, "
            + "and what is no fixed point has no exact gradient.",
        _ => Text($"Nothing is known: the reference is not exact enough (relative residual {ReferenceResidual:g3}). ")
            + "Give it more products, or contract more.",
    };

    /// <summary>One line: the gradient, its agreement, the worst direction, the contraction factor and the verdict.</summary>
    public override string ToString()
    {
        if (Solves.Count == 0)
        {
            return $"{Label}: nothing is known: the model made no implicit solve.";
        }

        if (!Counted.Any())
        {
            return Text($"{Label}: nothing is known: no sample converged, 0 of {Samples.Count} count in the loss.");
        }

        Agreement[] directions = [.. Counted.Select(sample => sample.Direction).OfType<Agreement>()];
        string direction = directions.Length > 0 ? Text($"; directions: cosine {directions.Min(each => each.Cosine):0.0000} at least") : "";
        string error = Contraction.IsContradicted ? ", above the bound given: an error" : "";
        string norm = Contraction.Norm.Equals(ResidualNorm.L2) ? "" : $" in the {Contraction.Norm} norm";
        return Text($"{Label}: {Gradient}{direction}; contraction {Contraction.Measured:0.0000} at most{norm}{error}; ")
            + Text($"reference to {ReferenceResidual:g2}; {Verdict.ToString().ToLowerInvariant()}.");
    }

    private int Unconverged => Counted.Count(sample => sample.Status != SolveStatus.Converged);

    private string Length => double.IsFinite(Gradient.Length) ? Text($"{Gradient.Length:0.000}") : "far from that";

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
