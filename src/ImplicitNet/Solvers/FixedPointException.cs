namespace ImplicitNet.Solvers;

/// <summary>
/// The exception that is thrown when a solve did not converge for every sample and the caller asked for an exception in that case.
/// </summary>
public sealed class FixedPointException : Exception
{
    internal FixedPointException(SolveReport report, string? more = null)
        : base(more is null ? report.ToString() : $"{report} {more}") => Report = report;

    /// <summary>How the solve went, sample by sample.</summary>
    public SolveReport Report { get; }
}
