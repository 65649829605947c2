using System.Diagnostics;
using ImplicitNet.Networks;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Reports;

namespace ImplicitNet.Training;

/// <summary>What the epoch under way has come to so far, a resumed part included.</summary>
internal sealed class EpochTotals(TrainingPosition position)
{
    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly double _secondsBefore = position.EpochSeconds;
    private double _lossSum = position.LossSum;
    private long _correct = position.Correct;
    private long _seen = position.Seen;

    public SolverTotals Solver { get; } = new(position.Statuses, position.SolverSteps, position.Evaluations);

    public double Loss => _lossSum / Math.Max(1, _seen);

    public double Accuracy => (double)_correct / Math.Max(1, _seen);

    public double Seconds => _secondsBefore + Stopwatch.GetElapsedTime(_begin).TotalSeconds;

    public void Add(ImplicitResult result, double loss, long correct)
    {
        int count = result.Included.Count;
        _lossSum += loss * count;
        _correct += correct;
        _seen += count;
        Solver.Add(result.Report);
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
    };
}
