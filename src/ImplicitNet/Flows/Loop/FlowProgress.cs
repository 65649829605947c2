using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>Where every sample is, how long its next step is, and how it ended: plain numbers.</summary>
internal sealed class FlowProgress
{
    // A rest this much longer than a step is taken with it: the last step is never a sliver.
    private const double Stretch = 1.01;

    // Spacings of time below which a step no longer moves it.
    private const double LeastSpacings = 10;

    // Logarithms of errors: what the first step is compared with, and an error that is as good as none.
    private static readonly double UsualError = Math.Log(1e-4);
    private const double LeastError = 1e-10;

    private readonly StepController _steps;
    private readonly PidController? _pid;
    private readonly double[] _ends, _sizes, _proposed, _last, _lastButOne, _shortest;
    private readonly double[] _starts;
    private readonly int[] _accepted, _rejected;
    private readonly bool[] _wasRejected, _wasFinite, _isLast;
    private readonly double _order;

    public FlowProgress(FlowTimes times, int batch, StepController steps, int errorOrder, ScalarType dtype)
    {
        _steps = steps;
        _pid = steps as PidController;
        _order = errorOrder + 1;
        Times = Array(sample => times[sample, 0]);
        _starts = [.. Times];
        _ends = Array(sample => times[sample, times.Count - 1]);
        (_sizes, _proposed, _shortest) = (new double[batch], new double[batch], new double[batch]);
        (_last, _lastButOne) = (Array(_ => UsualError), new double[batch]);
        (_accepted, _rejected) = (new int[batch], new int[batch]);
        (_wasRejected, _wasFinite, _isLast) = (new bool[batch], new bool[batch], new bool[batch]);
        Statuses = new FlowStatus?[batch];
        (Relative, Absolute) = (_pid ?? new PidController()).Tolerances(dtype);

        double[] Array(Func<int, double> of) => [.. Enumerable.Range(0, batch).Select(of)];
    }

    /// <summary>The time of every sample.</summary>
    public double[] Times { get; }

    /// <summary>How each ended; null while it has not.</summary>
    public FlowStatus?[] Statuses { get; }

    public double Relative { get; }

    public double Absolute { get; }

    /// <summary>Whether the first steps are to be found.</summary>
    public bool NeedsFirstSteps => _pid is { FirstStep: null };

    /// <summary>1 forward, -1 backward; 0 where the end is the start.</summary>
    public int Direction(int sample) => Math.Sign(_ends[sample] - _starts[sample]);

    /// <summary>What is left, without a sign.</summary>
    public double Rest(int sample) => Math.Abs(_ends[sample] - Times[sample]);

    /// <summary>Sets the first step of a sample.</summary>
    /// <param name="sample">Which.</param>
    /// <param name="size">Its length; not looked at where the controller says it.</param>
    public void Begin(int sample, double size) => _sizes[sample] = _steps switch
    {
        FixedSteps many => Math.Abs(_ends[sample] - _starts[sample]) / many.Count,
        PidController { FirstStep: { } first } => Math.Min(first, _pid!.LargestStep),
        _ => Math.Min(size, _pid?.LargestStep ?? double.PositiveInfinity),
    };

    /// <summary>The step that is to be tried, with its sign.</summary>
    public double Propose(int sample)
    {
        double rest = Rest(sample);
        bool isNear = _sizes[sample] * Stretch >= rest, isTooLong = rest > _pid?.LargestStep;
        _isLast[sample] = _steps is FixedSteps many ? _accepted[sample] + 1 >= many.Count : isNear && !isTooLong;

        // Fixed steps are of one length to the bit; the rounding of their sum is in the time alone, which the last sets to the end. A rest
        // that is a little longer than a step may be is two steps, neither of them a sliver.
        double size = _steps is FixedSteps || !isNear ? _sizes[sample] : isTooLong ? rest / 2 : rest;
        return _proposed[sample] = size * Direction(sample);
    }

    /// <summary>Takes note of the step that was tried, and decides.</summary>
    /// <param name="sample">Which.</param>
    /// <param name="ratio">Error over tolerance; NaN where the state after the step is not finite.</param>
    /// <returns>Whether it is taken.</returns>
    public bool Record(int sample, double ratio)
    {
        bool isAccepted = _pid is null ? !double.IsNaN(ratio) : ratio <= 1;
        if (isAccepted)
        {
            _accepted[sample]++;
            double length = Math.Abs(_proposed[sample]);
            if (!_isLast[sample])
            {
                _shortest[sample] = _shortest[sample] == 0 ? length : Math.Min(_shortest[sample], length);
            }

            Times[sample] = _isLast[sample] ? _ends[sample]
                : _steps is FixedSteps ? _starts[sample] + (_accepted[sample] * _proposed[sample])
                : Times[sample] + _proposed[sample];
            Lengthen(sample, ratio);
            if (_isLast[sample])
            {
                Statuses[sample] = FlowStatus.Completed;
            }
            else if (_pid is not null && _sizes[sample] <= length && IsBelowTime(sample))
            {
                // Steps that no longer move time, and grow no longer, would follow the state past all bounds.
                Statuses[sample] = FlowStatus.StepTooSmall;
            }
        }
        else
        {
            _rejected[sample]++;
            _wasFinite[sample] = !double.IsNaN(ratio);
            _wasRejected[sample] = true;
            if (_pid is null)
            {
                Statuses[sample] = FlowStatus.NonFinite;
                return false;
            }

            double exponent = -(_pid.Proportional + _pid.Integral + _pid.Derivative) / _order;
            double factor = double.IsFinite(ratio)
                ? Math.Max(_pid.SmallestFactor, _pid.Safety * Math.Pow(ratio, exponent))
                : _pid.SmallestFactor;
            _sizes[sample] = Math.Abs(_proposed[sample]) * Math.Min(factor, _pid.Safety);
            if (IsBelowTime(sample))
            {
                Statuses[sample] = _wasFinite[sample] ? FlowStatus.StepTooSmall : FlowStatus.NonFinite;
            }
        }

        if (Statuses[sample] is null && _accepted[sample] + _rejected[sample] >= _steps.MaxSteps)
        {
            Statuses[sample] = FlowStatus.MaxStepsReached;
        }

        return isAccepted;
    }

    /// <summary>Ends a sample at an event within the step just taken.</summary>
    public void EndAtEvent(int sample, double time) => (Times[sample], Statuses[sample]) = (time, FlowStatus.EventReached);

    public FlowSampleReport Report(int sample) => new(
        Statuses[sample]!.Value, _accepted[sample], _rejected[sample], Times[sample], _shortest[sample]);

    private bool IsBelowTime(int sample) => _sizes[sample] < Rest(sample)
        && _sizes[sample] <= LeastSpacings * Precision.Of(ScalarType.Float64).Epsilon * (Math.Abs(Times[sample]) + _sizes[sample]);

    private void Lengthen(int sample, double ratio)
    {
        if (_pid is null)
        {
            return;
        }

        double p = _pid.Proportional, i = _pid.Integral, d = _pid.Derivative, error = Math.Log(Math.Max(ratio, LeastError));
        double factor = _pid.Safety
            * Math.Exp((((p + (2 * d)) * _last[sample]) - ((p + i + d) * error) - (d * _lastButOne[sample])) / _order);
        double most = _wasRejected[sample] ? 1 : _pid.LargestFactor;
        _sizes[sample] = Math.Min(_pid.LargestStep, Math.Abs(_proposed[sample]) * Math.Clamp(factor, _pid.SmallestFactor, most));
        _wasRejected[sample] = false;
        (_lastButOne[sample], _last[sample]) = (_last[sample], Math.Max(error, UsualError));
    }
}
