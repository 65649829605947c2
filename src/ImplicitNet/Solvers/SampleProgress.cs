namespace ImplicitNet.Solvers;

/// <summary>Where every sample of one solve stands, by its position in the original batch.</summary>
internal sealed class SampleProgress
{
    // A fall of the best residual by less than this share within the patience is no progress.
    private const double ProgressRatio = 0.999;

    // A residual that is this much above the best one when patience ends is growing, not circling.
    private const double GrowthRatio = 10;

    private readonly StoppingRule _stopping;
    private readonly SampleReport[] _samples;
    private readonly double[] _milestones;
    private readonly int[] _milestoneSteps;

    public SampleProgress(int count, StoppingRule stopping)
    {
        _stopping = stopping;
        _samples = new SampleReport[count];
        _milestones = new double[count];
        _milestoneSteps = new int[count];
        Array.Fill(_samples, new SampleReport(SolveStatus.MaxStepsReached, 0, double.PositiveInfinity, double.PositiveInfinity, 0));
        Array.Fill(_milestones, double.PositiveInfinity);
    }

    public IReadOnlyList<SampleReport> Samples => _samples;

    /// <summary>The step whose iterate is the sample's best so far; 0 before there is one.</summary>
    public int BestStep(int sample) => _samples[sample].BestStep;

    /// <summary>Takes note of the residual at a step (counted from 1) and decides whether the sample is finished.</summary>
    /// <param name="sample">Position in the original batch.</param>
    /// <param name="step">The step that measured it.</param>
    /// <param name="residual">The norm of the residual.</param>
    /// <param name="ratio">Residual over threshold: at most 1 passes.</param>
    public bool Record(int sample, int step, double residual, double ratio)
    {
        SampleReport before = _samples[sample];
        if (!double.IsFinite(residual))
        {
            return Finish(sample, before with { Status = SolveStatus.NonFinite, Steps = step });
        }

        if (ratio <= 1 || residual == 0)
        {
            return Finish(sample, new SampleReport(SolveStatus.Converged, step, residual, residual == 0 ? 0 : ratio, step));
        }

        SampleReport after = residual < before.Residual
            ? before with { Steps = step, Residual = residual, Ratio = ratio, BestStep = step }
            : before with { Steps = step };
        if (residual > _stopping.DivergenceFactor * after.Residual)
        {
            return Finish(sample, after with { Status = SolveStatus.Diverged });
        }

        if (after.Residual < ProgressRatio * _milestones[sample])
        {
            _milestones[sample] = after.Residual;
            _milestoneSteps[sample] = step;
        }
        else if (step - _milestoneSteps[sample] >= _stopping.Patience)
        {
            return Finish(sample, after with { Status = residual > GrowthRatio * after.Residual ? SolveStatus.Diverged : SolveStatus.Stalled });
        }

        _samples[sample] = after;
        return step >= _stopping.MaxSteps;
    }

    /// <summary>Counts a step whose iterate the solver took back; only the step limit can finish the sample.</summary>
    public bool Skip(int sample, int step)
    {
        _samples[sample] = _samples[sample] with { Steps = step };
        return step >= _stopping.MaxSteps;
    }

    private bool Finish(int sample, SampleReport report)
    {
        _samples[sample] = report;
        return true;
    }
}
