using ImplicitNet.Flows;
using ImplicitNet.Solvers;

namespace ImplicitNet.Networks;

/// <summary>
/// Throws a <see cref="FixedPointException"/>, or a <see cref="FlowException"/>, that says how many samples failed, how, and what to try.
/// The default.
/// </summary>
public sealed record ThrowOnFailure : FailurePolicy
{
    /// <inheritdoc/>
    public override void Inspect(SolveReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        report.ThrowIfFailed();
    }

    /// <inheritdoc/>
    public override void Inspect(FlowReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        report.ThrowIfFailed();
    }
}
