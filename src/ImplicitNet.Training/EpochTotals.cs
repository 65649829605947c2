using System.Diagnostics;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;

namespace ImplicitNet.Training;

/// <summary>What the epoch under way has come to so far, a resumed part included.</summary>
internal sealed class EpochTotals(TrainingPosition position)
{
    private readonly double _secondsBefore = position.EpochSeconds;
    private long _begin = Stopwatch.GetTimestamp();
    private long _lap = Stopwatch.GetTimestamp();
    private double _lossSum = position.LossSum;
    private long _correct = position.Correct;
    private long _seen = position.Seen;
    private double _cosineSum = position.CosineSum;
    private int _cosines = position.Cosines;

    public SolverTotals Solver { get; } = new(position.Statuses, position.SolverSteps, position.Evaluations);

    public GradientTotals Gradient { get; } = new(position.Products, position.AdjointFailures, position.FallBacks);

    public EpochTimes Times { get; private set; } = position.Times;

    /// <summary>The samples that counted.</summary>
    public long Seen => _seen;

    /// <summary>Their mean loss; NaN where there was none.</summary>
    public double Loss => _lossSum / _seen;

    /// <summary>The share of them that was classified rightly; NaN where there was none.</summary>
    public double Accuracy => (double)_correct / _seen;

    /// <summary>The mean cosine to the exact gradient; null when none was measured.</summary>
    public double? Cosine => _cosines == 0 ? null : _cosineSum / _cosines;

    public double Seconds => _secondsBefore + Stopwatch.GetElapsedTime(_begin).TotalSeconds;

    /// <summary>Adds a step.</summary>
    /// <param name="result">What the network computed.</param>
    /// <param name="gradient">What it was differentiated by.</param>
    /// <param name="loss">The mean loss of the samples that count.</param>
    /// <param name="isRight">Whether each sample of the batch was classified rightly.</param>
    public void Add(ImplicitResult result, FixedPointGradient gradient, double loss, ReadOnlySpan<bool> isRight)
    {
        int count = 0;
        for (int sample = 0; sample < isRight.Length; sample++)
        {
            if (result.Included[sample])
            {
                count++;
                _correct += isRight[sample] ? 1 : 0;
            }
        }

        _lossSum += count > 0 ? loss * count : 0;
        _seen += count;
        Solver.Add(result.Report);
        Gradient.Add(result.Gradient, gradient);
    }

    /// <summary>Starts to time the parts of a step.</summary>
    public void BeginLaps() => _lap = Stopwatch.GetTimestamp();

    /// <summary>The time since the last part ended was spent in this one.</summary>
    /// <param name="add">Adds seconds to the part.</param>
    public void Lap(Func<EpochTimes, double, EpochTimes> add)
    {
        long now = Stopwatch.GetTimestamp();
        Times = add(Times, Stopwatch.GetElapsedTime(_lap, now).TotalSeconds);
        _lap = now;
    }

    /// <summary>Adds a measurement, whose time is none of the epoch's.</summary>
    public void Measure(Func<double> cosine)
    {
        long begin = Stopwatch.GetTimestamp();
        _cosineSum += cosine();
        _cosines++;
        _begin += Stopwatch.GetTimestamp() - begin;
    }

    /// <summary>The epoch's record.</summary>
    public EpochRecord Record(int epoch, long step, EvaluationResult validation, double rate) => new()
    {
        Epoch = epoch,
        Step = step,
        TrainLoss = Loss,
        TrainAccuracy = Accuracy,
        ValidationLoss = validation.Loss,
        ValidationAccuracy = validation.Accuracy,
        LearningRate = rate,
        SolverSteps = Solver.MeanSteps,
        Seconds = Seconds,
        Evaluations = Solver.Evaluations,
        SolverFailures = Solver.Failures,
        Products = Gradient.Products,
        AdjointFailures = Gradient.Failures,
        FallBacks = Gradient.FallBacks,
        Cosine = Cosine,
        Times = Times,
        PeakMemoryBytes = ProcessMemory.Peak(),
    };

    /// <summary>The position with these totals.</summary>
    public TrainingPosition Into(TrainingPosition position, double secondsBefore) => position with
    {
        Seconds = secondsBefore + Seconds,
        EpochSeconds = Seconds,
        LossSum = _lossSum,
        Correct = _correct,
        Seen = _seen,
        Statuses = [.. Solver.Statuses.OrderBy(status => status.Key).Select(status => status.Value)],
        SolverSteps = Solver.Steps,
        Evaluations = Solver.Evaluations,
        Products = Gradient.Products,
        AdjointFailures = Gradient.Failures,
        FallBacks = Gradient.FallBacks,
        CosineSum = _cosineSum,
        Cosines = _cosines,
        Times = Times,
    };
}
