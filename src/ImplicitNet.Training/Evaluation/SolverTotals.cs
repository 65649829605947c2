using ImplicitNet.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;

namespace ImplicitNet.Training.Evaluation;

/// <summary>
/// Sums of solver reports over many batches. A flow that came to its end counts among those that converged.
/// </summary>
public sealed class SolverTotals
{
    private readonly long[] _statuses = new long[Enum.GetValues<SolveStatus>().Length];
    private readonly Dictionary<FlowStatus, long> _flows = [];
    private bool _isBounded = true;
    private double _errorBound;
    private ResidualNorm? _errorNorm;

    /// <summary>Creates totals of no solves.</summary>
    public SolverTotals()
    {
    }

    /// <summary>Sums carried on from an interrupted run.</summary>
    internal SolverTotals(IReadOnlyList<long> statuses, long steps, long evaluations)
    {
        for (int status = 0; status < _statuses.Length && status < statuses.Count; status++)
        {
            _statuses[status] = statuses[status];
        }

        Steps = steps;
        Evaluations = evaluations;
        _isBounded = Samples == 0;
    }

    /// <summary>The number of samples solved.</summary>
    public long Samples => _statuses.Sum();

    /// <summary>The number of samples that did not converge, in whatever way.</summary>
    public long Failures => Samples - _statuses[(int)SolveStatus.Converged];

    /// <summary>The steps of all samples together.</summary>
    public long Steps { get; private set; }

    /// <summary>The number of map evaluations.</summary>
    public long Evaluations { get; private set; }

    /// <summary>The mean number of steps per sample; 0 if there was none.</summary>
    public double MeanSteps => Samples == 0 ? 0 : (double)Steps / Samples;

    /// <summary>The number of samples by how their solve ended; every status has an entry.</summary>
    public IReadOnlyDictionary<SolveStatus, long> Statuses =>
        Enum.GetValues<SolveStatus>().ToDictionary(status => status, status => _statuses[(int)status]);

    /// <summary>
    /// The largest <see cref="SampleReport.ErrorBound"/> of all samples, in <see cref="ErrorNorm"/>; null where a sample has none, where
    /// they are in several norms, and for sums carried on from an interrupted run or over several ranks.
    /// </summary>
    public double? ErrorBound => _isBounded && Samples > 0 ? _errorBound : null;

    /// <summary>The norm of <see cref="ErrorBound"/>; null where that is.</summary>
    public ResidualNorm? ErrorNorm => ErrorBound is null ? null : _errorNorm;

    /// <summary>
    /// Flows by how they ended, but for those of an interrupted run and sums over several ranks; empty where there was none.
    /// </summary>
    internal IReadOnlyDictionary<FlowStatus, long> Flows => _flows;

    /// <summary>Adds the solve of one batch.</summary>
    public void Add(SolveReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        foreach (SampleReport sample in report.Samples)
        {
            _statuses[(int)sample.Status]++;
            Steps += sample.Steps;
        }

        Evaluations += report.Evaluations;
        if (report.Samples.Count > 0)
        {
            _isBounded &= report.ErrorBound is not null && (_errorNorm ?? report.ErrorNorm)!.Equals(report.ErrorNorm);
            _errorBound = Math.Max(_errorBound, report.ErrorBound ?? double.NaN);
            _errorNorm = report.ErrorNorm;
        }
    }

    /// <summary>All that is summed: statuses in the order of the enumeration, steps, evaluations.</summary>
    internal double[] ToNumbers() => [.. _statuses, Steps, Evaluations];

    /// <summary>Of sums of <see cref="ToNumbers"/>.</summary>
    internal static SolverTotals OfNumbers(ReadOnlySpan<double> sums)
    {
        long[] numbers = Array.ConvertAll(sums.ToArray(), sum => (long)sum);
        return new(numbers[..^2], numbers[^2], numbers[^1]);
    }

    /// <summary>Adds all solves of a scope.</summary>
    internal void Add(SolveScope solves)
    {
        foreach (ScopedSolve solve in solves.Solves)
        {
            Add(solve.Report);
        }

        foreach (ScopedFlow flow in solves.Flows)
        {
            Add(flow.Report);
        }
    }

    /// <summary>Adds the flow of one batch: a sample that came to its end counts as one that converged.</summary>
    private void Add(FlowReport report)
    {
        _isBounded &= report.Samples.Count == 0;
        foreach (FlowSampleReport sample in report.Samples)
        {
            SolveStatus status = sample.HasSucceeded ? SolveStatus.Converged
                : sample.Status == FlowStatus.MaxStepsReached ? SolveStatus.MaxStepsReached
                : sample.Status == FlowStatus.NonFinite ? SolveStatus.NonFinite : SolveStatus.Stalled;
            _statuses[(int)status]++;
            _flows[sample.Status] = _flows.GetValueOrDefault(sample.Status) + 1;
            Steps += sample.Steps;
        }

        Evaluations += report.Evaluations;
    }
}
