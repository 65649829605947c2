namespace ImplicitNet.Training.Evaluation;

/// <summary>What a classifier answers after a number of applications of R.</summary>
internal sealed record ApplicationMeasurement
{
    /// <summary>
    /// Applications of R, from 1: after k of them the latent is <c>R(R(... R(0, q) ..., q), q)</c>. Null for as many as the tolerance
    /// takes.
    /// </summary>
    public required int? Applications { get; init; }

    /// <summary>Share of the samples classified rightly, 0 to 1.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Mean cross-entropy per sample, in nats.</summary>
    public required double Loss { get; init; }

    /// <summary>Mean over the samples of <c>||R(u, q) - u|| / ||u||</c>, dimensionless, 0 where the residual is 0.</summary>
    public required double RelativeResidual { get; init; }

    /// <summary>Share of the samples whose answer is that at the tolerance, 0 to 1.</summary>
    public required double Agreement { get; init; }
}
