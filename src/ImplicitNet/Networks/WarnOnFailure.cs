using ImplicitNet.Flows;
using ImplicitNet.Solvers;

namespace ImplicitNet.Networks;

/// <summary>Goes on with the best iterate of a failed sample and calls a callback.</summary>
public sealed record WarnOnFailure : FailurePolicy
{
    /// <summary>Called with the report of every solve in which a sample failed; default: one line on standard error.</summary>
    public Action<SolveReport> Warn
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Warn));
    } = static report => Console.Error.WriteLine(report);

    /// <summary>Called with the report of every flow in which a sample failed; default: one line on standard error.</summary>
    public Action<FlowReport> WarnOfFlow
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(WarnOfFlow));
    } = static report => Console.Error.WriteLine(report);

    /// <inheritdoc/>
    public override void Inspect(FlowReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (!report.AllSucceeded)
        {
            WarnOfFlow(report);
        }
    }

    /// <inheritdoc/>
    public override void Inspect(SolveReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (!report.AllConverged)
        {
            Warn(report);
        }
    }
}
