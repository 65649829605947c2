using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Loop;

/// <summary>Where every sample of one solve stands, by its position in the original batch.</summary>
internal sealed class SampleProgress
{
    // A fall of the best residual by less than this share within the patience is no progress.
    private const double ProgressRatio = ReturnedIterate.LevelShare;

    // A residual that is this much above the best one when patience ends is growing, not circling. A choice, not a measurement: what
    // circles stays within a small factor, what grows passes any.
    private const double GrowthRatio = 10;

    // Of the residual at the start, at most, where that did not meet the tolerance: u may grow until any residual is a small share of it.
    private const double StartShare = 0.5;

    // Steps over which growth beyond the divergence factor must go on.
    private const int GrowthSteps = 10;

    private readonly StoppingRule _stopping;
    private readonly double _absolute;
    private readonly double _rounding;
    private readonly double _noise;
    private readonly double? _errorPerResidual;
    private readonly SampleReport[] _samples;
    private readonly State[] _states;

    /// <summary>Begins a solve.</summary>
    /// <param name="count">Samples.</param>
    /// <param name="stopping">The rule.</param>
    /// <param name="dtype">Of the latents.</param>
    /// <param name="beginnings">
    /// Where the solve goes on from another, the residual of every sample at the start of that; null where it does not.
    /// </param>
    /// <param name="errorPerResidual">
    /// The bound of the distance to the fixed point for each unit of residual; null where none is known.
    /// </param>
    public SampleProgress(
        int count, StoppingRule stopping, ScalarType dtype, IReadOnlyList<double>? beginnings = null, double? errorPerResidual = null)
    {
        _errorPerResidual = errorPerResidual;
        _stopping = stopping;
        _absolute = stopping.Resolve(dtype).Absolute;
        Precision precision = Precision.Of(dtype);
        _rounding = precision.Roundoff;
        _noise = precision.Noise;
        _samples = new SampleReport[count];
        _states = new State[count];
        for (int sample = 0; sample < _samples.Length; sample++)
        {
            _samples[sample] = new SampleReport(SolveStatus.MaxStepsReached, 0, double.PositiveInfinity, double.PositiveInfinity, 0)
            {
                StartResidual = beginnings is null ? double.PositiveInfinity : beginnings[sample],
            };
            _states[sample] = new State { Least = double.PositiveInfinity, Milestone = double.PositiveInfinity };
        }
    }

    public IReadOnlyList<SampleReport> Samples => _samples;

    /// <summary>The step whose iterate is to be returned of the sample so far; 0 before there is one.</summary>
    public int BestStep(int sample) => _samples[sample].BestStep;

    /// <summary>Takes note, before the residual of a step is recorded, that u has moved, which is progress.</summary>
    public void NoteMove(int sample) => _states[sample].HasMoved = true;

    /// <summary>Takes note of the residual at a step (counted from 1) and decides whether the sample is finished.</summary>
    /// <param name="sample">Position in the original batch.</param>
    /// <param name="step">The step that measured it.</param>
    /// <param name="residual">The norm of the residual.</param>
    /// <param name="ratio">Residual over threshold: at most 1 passes.</param>
    /// <param name="size">The norm of u.</param>
    public bool Record(int sample, int step, double residual, double ratio, double size)
    {
        ref State state = ref _states[sample];
        SampleReport before = _samples[sample];
        if (!double.IsFinite(residual))
        {
            // What overflows after it has grown without end has diverged; what was never a number is none.
            SolveStatus status = state.IsBeyond ? SolveStatus.Diverged : SolveStatus.NonFinite;
            return Finish(sample, before with { Status = status, Steps = step });
        }

        bool isStart = !double.IsFinite(before.StartResidual);
        double start = isStart ? residual : before.StartResidual;
        bool isPassed = ratio <= 1 || residual == 0;
        TolerancePart passed = !isPassed ? before.Passed : residual <= _absolute ? TolerancePart.Absolute : TolerancePart.Relative;
        SampleReport here = before with
        {
            Steps = step,
            Residual = residual,
            Ratio = residual == 0 ? 0 : ratio,
            BestStep = step,
            StartResidual = start,
            Passed = passed,
            ErrorBound = residual * _errorPerResidual,
        };

        // The residual may be more by the rounding of u: beside a u so large that the one at the start would be lost in it, none says
        // anything.
        if (isPassed && (isStart || residual + (_rounding * size) <= StartShare * start))
        {
            return Finish(sample, here with { Status = SolveStatus.Converged });
        }

        SampleReport after = _stopping.Returned.Replaces(residual, state.Least) ? here : before with { Steps = step, Passed = passed };
        state.Least = Math.Min(state.Least, residual);
        _samples[sample] = after;

        // What is no more than the rounding of u goes up and down, and has not grown.
        bool isNoise = residual <= _noise * size && double.IsFinite(size);
        return IsGrowingOn(ref state, residual, isNoise) ? Finish(sample, after with { Status = SolveStatus.Diverged })
            : IsOutOfPatience(ref state, step, residual)
                ? Finish(sample, after with { Status = OutOfPatience(in state, residual, start, isNoise) })
            : step >= _stopping.MaxSteps;
    }

    /// <summary>Counts a step whose iterate the solver took back; only the step limit can finish the sample.</summary>
    public bool Skip(int sample, int step)
    {
        _samples[sample] = _samples[sample] with { Steps = step };
        return step >= _stopping.MaxSteps;
    }

    /// <summary>Whether the residual has grown beyond the divergence factor, and goes on growing as it did.</summary>
    private bool IsGrowingOn(ref State state, double residual, bool isNoise)
    {
        bool isBeyond = !isNoise && residual > _stopping.DivergenceFactor * state.Least;
        if (!isBeyond || state.Growth is null)
        {
            state.Growth = isBeyond ? new ResidualTrend(residual, GrowthSteps) : null;
            return false;
        }

        state.Growth.Add(residual);
        if (!state.Growth.IsOver)
        {
            return false;
        }

        bool isDivergence = state.Growth.IsAbove && !state.Growth.IsRecovering;
        state.Growth = new ResidualTrend(residual, 2 * state.Growth.Length);
        return isDivergence;
    }

    /// <summary>
    /// Whether nothing has come of the steps of the patience: no fall of the least residual, no move of u that counts, and no way back
    /// from a transient.
    /// </summary>
    private bool IsOutOfPatience(ref State state, int step, double residual)
    {
        if (state.HasMoved || state.Least < ProgressRatio * state.Milestone)
        {
            (state.Milestone, state.Step, state.Trend, state.HasMoved) = (state.Least, step, null, false);
            return false;
        }

        if (state.Trend is not { } trend)
        {
            trend = state.Trend = new ResidualTrend(residual, _stopping.Patience);
        }
        else
        {
            trend.Add(residual);
        }

        if (step - state.Step < trend.Length)
        {
            return false;
        }

        // Steady growth is not decided before it is growth: it may be a transient's, and is no stall.
        bool isUndecided = trend.IsSteady && trend.IsAbove && residual <= GrowthRatio * state.Least;
        if (!trend.IsRecovering && !isUndecided)
        {
            return true;
        }

        // Twice as many steps: what falls or slows down does so at its own rate.
        (state.Step, state.Trend) = (step, new ResidualTrend(residual, (int)Math.Min(2L * trend.Length, int.MaxValue)));
        return false;
    }

    /// <summary>
    /// A residual far above the least one has grown, unless it is no more than at the start and goes up and down: that is rounding.
    /// </summary>
    private static SolveStatus OutOfPatience(in State state, double residual, double start, bool isNoise)
    {
        bool isGrowth = !isNoise && (residual > start || state.Trend is { IsAbove: true, IsSteady: true });
        return isGrowth && residual > GrowthRatio * state.Least ? SolveStatus.Diverged : SolveStatus.Stalled;
    }

    private bool Finish(int sample, SampleReport report)
    {
        _samples[sample] = report;
        return true;
    }

    /// <summary>What is known of one sample beside its report.</summary>
    private struct State
    {
        /// <summary>The least residual.</summary>
        public double Least;

        /// <summary>The least residual at the last progress.</summary>
        public double Milestone;

        /// <summary>The step of that, or from which patience began anew.</summary>
        public int Step;

        /// <summary>The residuals since then; null after a step that was progress.</summary>
        public ResidualTrend? Trend;

        /// <summary>The residuals since they went beyond the divergence factor; null where they have not.</summary>
        public ResidualTrend? Growth;

        /// <summary>Whether u has moved since the last residual, by what counts as progress.</summary>
        public bool HasMoved;

        /// <summary>Whether the last residual was beyond the divergence factor.</summary>
        public readonly bool IsBeyond => Growth is not null;
    }
}
