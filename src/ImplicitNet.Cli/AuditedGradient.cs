using ImplicitNet.Certification;

namespace ImplicitNet.Cli;

/// <summary>One gradient in the result of an audit.</summary>
internal sealed record AuditedGradient
{
    public string Name { get; init; } = "";

    public double? Cosine { get; init => field = FiniteNumber.OrNull(value); }

    public double? RelativeError { get; init => field = FiniteNumber.OrNull(value); }

    public double? DirectionCosineLeast { get; init => field = FiniteNumber.OrNull(value); }

    public double? DirectionErrorLargest { get; init => field = FiniteNumber.OrNull(value); }

    public double? DirectionErrorBound { get; init => field = FiniteNumber.OrNull(value); }

    public string Verdict { get; init; } = "";

    /// <summary>Of a flow: the exact gradient of its steps against that of much finer ones.</summary>
    public double? StepsCosine { get; init => field = FiniteNumber.OrNull(value); }

    /// <inheritdoc cref="StepsCosine"/>
    public double? StepsError { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>Of a flow: against the exact gradient of the same steps.</summary>
    public static AuditedGradient Of(FlowCertificate certificate) => new()
    {
        Name = certificate.Label,
        Cosine = certificate.Consistency.Cosine,
        RelativeError = certificate.Consistency.RelativeError,
        StepsCosine = certificate.Discretisation.Cosine,
        StepsError = certificate.Discretisation.RelativeError,
        Verdict = certificate.Verdict.ToString().ToLowerInvariant(),
    };

    public static AuditedGradient Of(GradientCertificate certificate)
    {
        Agreement[] directions = [.. certificate.Counted.Select(sample => sample.Direction).OfType<Agreement>()];
        double?[] bounds = [.. certificate.Counted.Select(sample => sample.DirectionBound)];
        return new AuditedGradient
        {
            Name = certificate.Label,
            Cosine = certificate.Gradient.Cosine,
            RelativeError = certificate.Gradient.RelativeError,
            DirectionCosineLeast = directions.Length == 0 ? null : directions.Min(each => each.Cosine),
            DirectionErrorLargest = directions.Length == 0 ? null : directions.Max(each => each.RelativeError),
            DirectionErrorBound = certificate.DirectionBound ?? (bounds.All(bound => bound is not null) ? bounds.Max() : null),
            Verdict = certificate.Verdict.ToString().ToLowerInvariant(),
        };
    }
}
