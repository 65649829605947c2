using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;

namespace ImplicitNet.Certification;

/// <summary>What was measured at one implicit solve of a model. Plain numbers; it owns no tensor.</summary>
public sealed record SolveCertificate
{
    internal SolveCertificate(
        ImplicitLayer? layer,
        ContractionReport contraction,
        double? directionBound,
        IReadOnlyList<SampleCertificate> samples,
        SolveReport? report = null,
        double? errorBound = null)
    {
        ErrorBound = errorBound;
        ErrorNorm = report?.ErrorNorm;
        Layer = layer;
        Contraction = contraction;
        DirectionBound = directionBound;
        Samples = samples;
    }

    /// <summary>The layer that made it; null for <see cref="Implicit"/>. A layer that is called twice has two solves.</summary>
    public ImplicitLayer? Layer { get; }

    /// <summary>The contraction factor: declared, certified, and measured at the samples.</summary>
    public ContractionReport Contraction { get; }

    /// <inheritdoc cref="GradientCertificate.DirectionBound"/>
    public double? DirectionBound { get; }

    /// <inheritdoc cref="SolveReport.ErrorBound"/>
    public double? ErrorBound { get; }

    /// <inheritdoc cref="SolveReport.ErrorNorm"/>
    public ResidualNorm? ErrorNorm { get; }

    /// <summary>One entry per sample, in the order of the batch, or a single one for a map that couples its samples.</summary>
    public IReadOnlyList<SampleCertificate> Samples { get; }

    /// <summary>One line: the contraction factor and the worst direction.</summary>
    public override string ToString()
    {
        Agreement[] directions = [.. Samples.Where(sample => sample.Counts).Select(sample => sample.Direction).OfType<Agreement>()];
        string worst = directions.Length == 0 ? ""
            : FormattableString.Invariant($" Directions: cosine {directions.Min(each => each.Cosine):0.0000} at least.");
        return Contraction + worst;
    }
}
