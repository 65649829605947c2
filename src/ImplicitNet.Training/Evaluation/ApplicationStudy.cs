namespace ImplicitNet.Training.Evaluation;

/// <summary>How the answers of a trained network depend on the number of applications of R: what its fixed point is good for.</summary>
internal sealed record ApplicationStudy
{
    /// <summary>Samples seen.</summary>
    public required int Samples { get; init; }

    /// <summary>One for each number of applications, in rising order.</summary>
    public required IReadOnlyList<ApplicationMeasurement> ByApplications { get; init; }

    /// <summary>At the network's own tolerance, by its own solver.</summary>
    public required ApplicationMeasurement AtTolerance { get; init; }

    /// <summary>That tolerance, relative and dimensionless; null where the dtype's default was in force.</summary>
    public required double? Tolerance { get; init; }

    /// <summary>Solver steps that it took, on average.</summary>
    public required double MeanSteps { get; init; }

    /// <summary>Samples that did not reach it; they count by their best iterates.</summary>
    public required long Failures { get; init; }

    /// <summary>All measurements, that at the tolerance last.</summary>
    public IEnumerable<ApplicationMeasurement> All => ByApplications.Append(AtTolerance);
}
