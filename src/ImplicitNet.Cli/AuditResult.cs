using ImplicitNet.Certification;

namespace ImplicitNet.Cli;

/// <summary>
/// What audit prints under --json. Its names are an interface: they stay. What is not known, and what is not finite, is null.
/// </summary>
internal sealed record AuditResult
{
    public string Model { get; init; } = "";

    public string Data { get; init; } = "";

    public string Split { get; init; } = "";

    public int Samples { get; init; }

    public int Converged { get; init; }

    public double? GammaDeclared { get; init => field = FiniteNumber.OrNull(value); }

    public double? GammaCertified { get; init => field = FiniteNumber.OrNull(value); }

    public double? GammaMeasured { get; init => field = FiniteNumber.OrNull(value); }

    public double? ReferenceResidual { get; init => field = FiniteNumber.OrNull(value); }

    public string Verdict { get; init; } = "";

    public string Explanation { get; init; } = "";

    public IReadOnlyList<AuditedGradient> Gradients { get; init; } = [];

    public IReadOnlyList<AuditedCondition> Conditions { get; init; } = [];

    public IReadOnlyList<string> Files { get; init; } = [];

    public double Seconds { get; init; }

    public int Threads { get; init; }

    public string Device { get; init; } = "";

    /// <summary>The norm that the factors are in, such as "L2".</summary>
    public string? GammaNorm { get; init; }

    /// <summary>Every latent is within this of its fixed point, in the norm that <see cref="ErrorNorm"/> names; null: not known.</summary>
    public double? ErrorBound { get; init => field = FiniteNumber.OrNull(value); }

    public string? ErrorNorm { get; init; }

    /// <summary>m of a monotone operator, by construction; null of any other.</summary>
    public double? MonotonicityDeclared { get; init; }

    /// <summary>A rigorous lower bound of m for the weights as they are.</summary>
    public double? MonotonicityCertified { get; init; }

    /// <summary>A rigorous upper bound of the norm of I - W.</summary>
    public double? LipschitzBound { get; init; }

    /// <summary>Whether a model with a flow was looked at.</summary>
    public bool IsOfFlows() => Gradients.Any(gradient => gradient.StepsCosine is not null);

    /// <summary>
    /// What JFB's bound rests on where that is no certified factor, or that there is none; null where it is one, or there is no JFB.
    /// </summary>
    public string? BoundWords()
    {
        bool isCertified = GammaCertified is not null && GammaNorm is null or nameof(Solvers.ResidualNorm.L2);
        return isCertified || IsOfFlows() || Gradients.FirstOrDefault(gradient => gradient.Name == "JFB") is not { } jfb ? null
            : jfb.DirectionErrorBound is null
                ? "JFB has no bound here: that takes a contraction factor below 1 in L2, and none is known of this network. What counts is "
                    + "the cosine."
                : "JFB's bound rests on the factor measured at these samples: none of this network is certified in L2.";
    }

    /// <summary>Of certificates of flows on one batch; the first is that of the model's own gradient.</summary>
    /// <param name="certificates">At least one.</param>
    /// <param name="samples">Of the batch.</param>
    public static AuditResult Of(IReadOnlyList<FlowCertificate> certificates, int samples) => new()
    {
        Samples = samples,
        Converged = Enumerable.Range(0, samples)
            .Count(sample => certificates[0].Flows.All(flow => flow.Report.Samples[sample].HasSucceeded)),
        Verdict = certificates[0].Verdict.ToString().ToLowerInvariant(),
        Explanation = certificates[0].ToString(),
        Gradients = [.. certificates.Select(AuditedGradient.Of)],
    };

    /// <summary>Of certificates on one batch; the first is that of the model's own gradient.</summary>
    public static AuditResult Of(IReadOnlyList<GradientCertificate> certificates)
    {
        GradientCertificate own = certificates[0];
        return new AuditResult
        {
            Samples = own.Samples.Count,
            Converged = own.Samples.Count(sample => sample.Status == Solvers.SolveStatus.Converged),
            GammaDeclared = own.Contraction.Declared,
            GammaCertified = own.Contraction.Certified,
            GammaMeasured = own.Contraction.Measured,
            GammaNorm = own.Contraction.Norm.ToString(),
            ErrorBound = own.Solves is [var solve] ? solve.ErrorBound : null,
            ErrorNorm = own.Solves is [{ ErrorBound: not null } only] ? only.ErrorNorm?.ToString() : null,
            ReferenceResidual = own.ReferenceResidual,
            Verdict = own.Verdict.ToString().ToLowerInvariant(),
            Explanation = own.Explanation,
            Gradients = [.. certificates.Select(AuditedGradient.Of)],
            Conditions = [.. own.Samples.Index().Where(each => each.Item.Condition is not null)
                .Select(each => AuditedCondition.Of(each.Index, each.Item.Condition!.Value))],
        };
    }
}
