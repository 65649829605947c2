namespace ImplicitNet.Solvers;

/// <summary>A solve did not converge for every sample, and the caller had asked for an exception in that case.</summary>
public sealed class FixedPointException : Exception
{
    internal FixedPointException(SolveReport report)
        : base(report.ToString()) => Report = report;

    /// <summary>How the solve went, sample by sample.</summary>
    public SolveReport Report { get; }
}
