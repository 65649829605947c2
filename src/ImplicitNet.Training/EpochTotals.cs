using System.Diagnostics;
using ImplicitNet.Networks;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Distribution;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Training;

/// <summary>What the epoch under way has come to so far, a resumed part included.</summary>
internal sealed class EpochTotals(TrainingPosition position)
{
    private readonly double _secondsBefore = position.EpochSeconds;
    private long _begin = Stopwatch.GetTimestamp();
    private long _lap = Stopwatch.GetTimestamp();
    private double _cosineSum = position.CosineSum;
    private int _cosines = position.Cosines;

    public SolverTotals Solver { get; private init; } = new(position.Statuses, position.SolverSteps, position.Evaluations);

    /// <summary>The losses and measurements of the samples that counted.</summary>
    public ScoreTotals Scores { get; private init; } = new(position.LossSum, position.Seen, position.ScoreSums);

    public GradientTotals Gradient { get; private init; } = new(position.Products, position.AdjointFailures, position.FallBacks);

    public EpochTimes Times { get; private set; } = position.Times;

    /// <summary>The mean cosine to the exact gradient; null when none was measured.</summary>
    public double? Cosine => _cosines == 0 ? null : _cosineSum / _cosines;

    public double Seconds => _secondsBefore + Stopwatch.GetElapsedTime(_begin).TotalSeconds;

    /// <summary>Adds a step.</summary>
    /// <param name="outcome">What it computed.</param>
    /// <param name="measured">One number a sample.</param>
    public void Add(StepOutcome outcome, IReadOnlyList<(string Name, double[] Values)> measured)
    {
        int count = outcome.Counted;
        Scores.Add(count > 0 ? outcome.Loss * count : 0, measured, outcome.Included);
        foreach (SolveScope solves in outcome.IsStandIn ? [] : outcome.Solves)
        {
            Solver.Add(solves);
            foreach (ScopedSolve solve in solves.Solves)
            {
                Gradient.Add(solve.Gradient, solve.Settings.Gradient);
            }
        }
    }

    /// <summary>The totals of all ranks, each of which calls it; times are the first one's.</summary>
    public EpochTotals Summed(Collective ranks)
    {
        double[] solver = Solver.ToNumbers(), scores = Scores.ToNumbers();
        double[] sums =
        [
            .. ranks.IsFirst ? [Seconds, Times.Forward, Times.Backward, Times.Optimizer, Times.Validation, Times.Wait] : new double[6],
            Gradient.Products, Gradient.Failures, Gradient.FallBacks, _cosineSum, _cosines, .. solver, .. scores,
        ];
        ranks.Sum(sums);
        TrainingPosition timed = new()
        {
            EpochSeconds = sums[0],
            Times = new(sums[1], sums[2], sums[3], sums[4], sums[5]),
            CosineSum = sums[9],
            Cosines = (int)sums[10],
        };
        return new(timed)
        {
            Gradient = new((long)sums[6], (long)sums[7], (long)sums[8]),
            Solver = SolverTotals.OfNumbers(sums.AsSpan(11, solver.Length)),
            Scores = Scores.OfNumbers(sums.AsSpan(11 + solver.Length)),
        };
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
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="step">Steps made in the run.</param>
    /// <param name="validated">What was evaluated.</param>
    /// <param name="rate">The learning rate at its end.</param>
    public EpochRecord Record(int epoch, long step, Validation.Outcome validated, double rate) => new()
    {
        Epoch = epoch,
        Step = step,
        TrainLoss = Scores.Loss,
        TrainAccuracy = Accuracy(Scores.Means),
        ValidationLoss = validated.Chosen?.Loss,
        ValidationAccuracy = validated.Chosen?.Accuracy,
        ValidationLeftOut = validated.Chosen is { LeftOut: > 0 and var without } ? without : null,
        Scores = ScoresBeside(validated),
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

    private static double? Accuracy(IReadOnlyDictionary<string, double> scores) =>
        scores.TryGetValue(Measurement.Accuracy, out double accuracy) ? accuracy : null;

    /// <summary>What has no place of its own in a record: "train cells", "validation cells", "17x17 loss".</summary>
    private Dictionary<string, double> ScoresBeside(Validation.Outcome validated)
    {
        Dictionary<string, double> scores = [];
        Add(Validation.Train, Scores.Means);
        if (validated.Chosen is { } chosen)
        {
            Add(Validation.Choosing, chosen.Scores);
        }

        foreach ((string name, EvaluationResult result) in validated.More)
        {
            Add(name, result.Scores);
            scores[$"{name} {Score.Loss.Name}"] = result.Loss;
            _ = result.Accuracy is { } accuracy ? scores[$"{name} {Measurement.Accuracy}"] = accuracy : 0;
        }

        return scores;

        void Add(string data, IReadOnlyDictionary<string, double> means)
        {
            foreach ((string name, double mean) in means.Where(mean => mean.Key != Measurement.Accuracy))
            {
                scores[$"{data} {name}"] = mean;
            }
        }
    }

    /// <summary>The position with these totals.</summary>
    public TrainingPosition Into(TrainingPosition position, double secondsBefore) => position with
    {
        Seconds = secondsBefore + Seconds,
        EpochSeconds = Seconds,
        LossSum = Scores.LossSum,
        Seen = Scores.Count,
        ScoreSums = new Dictionary<string, double>(Scores.Sums),
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
