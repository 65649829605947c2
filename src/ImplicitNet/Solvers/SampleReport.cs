namespace ImplicitNet.Solvers;

/// <summary>How the solve went for one sample.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Steps">The steps taken, including the one that measured the last residual; with Picard each is one evaluation.</param>
/// <param name="Residual">
/// The norm of <c>map(u) - u</c> at the latent returned, in the rule's norm; infinity when none was finite.
/// </param>
/// <param name="Ratio">
/// That residual over its threshold, dimensionless; at most 1 when the sample converged. If it is at most 1 and the sample did not
/// converge, the residual never fell to half of <see cref="StartResidual"/>.
/// </param>
/// <param name="BestStep">
/// The step whose iterate is returned, counted from 1: the start is measured by step 1; 0 when no residual was finite.
/// </param>
public readonly record struct SampleReport(SolveStatus Status, int Steps, double Residual, double Ratio, int BestStep)
{
    /// <summary>
    /// The norm of <c>map(u) - u</c> at the start, in the rule's norm; where solvers follow each other, at the start of the whole chain.
    /// </summary>
    public double StartResidual { get; init; }

    /// <summary>
    /// An upper bound of the distance of the latent returned to the fixed point, in <see cref="SolveReport.ErrorNorm"/> and in units of
    /// the latent: <see cref="Residual"/> / (1 - gamma) for a contraction by gamma, and where the rule measures residuals in another norm,
    /// times the constant between the two. That is for u, which is returned; R(u) is within gamma of it. Null where none is known.
    /// </summary>
    public double? ErrorBound { get; init; }

    /// <summary>
    /// Which part of the tolerance a residual of the sample met. Where it did not converge and this is not
    /// <see cref="TolerancePart.None"/>, u grew until its residual was small compared with it, without ever falling to half of
    /// <see cref="StartResidual"/>.
    /// </summary>
    public TolerancePart Passed { get; init; }
}
