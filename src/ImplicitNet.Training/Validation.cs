using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Training;

/// <summary>Evaluates the model of a run on its validation data, of which the first choose the best epoch.</summary>
internal sealed class Validation(TrainedModel model, TrainingTask task, IReadOnlyList<BatchSource> sources)
{
    /// <summary>Evaluates.</summary>
    /// <param name="totals">What training came to, which chooses where there are no validation data; told of the time.</param>
    /// <param name="excludesFailures">Whether samples whose solve failed are left out of the training.</param>
    /// <param name="step">Steps made.</param>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <exception cref="TrainingDivergedException">
    /// No solve of the data that choose converged: by such iterates nothing can be chosen.
    /// </exception>
    public Outcome Run(EpochTotals totals, bool excludesFailures, long step, int epoch)
    {
        List<(string Name, EvaluationResult Result)> results = [];
        foreach (BatchSource source in sources)
        {
            EvaluationResult result = Evaluator.Evaluate(model, task, source);
            if (results.Count == 0 && excludesFailures && result.Solver.Samples > 0 && result.Solver.Failures == result.Solver.Samples)
            {
                throw TrainingDivergedException.Unsolved("validation sample", step, epoch);
            }

            results.Add((source.Name, result));
        }

        totals.Lap((times, _) => times with { Validation = results.Sum(result => result.Result.Seconds) });
        return results.Count > 0
            ? Of(results, results[0].Result.Loss, results[0].Result.Scores)
            : Of(results, totals.Scores.Loss, totals.Scores.Means);
    }

    private Outcome Of(
        List<(string Name, EvaluationResult Result)> results, double loss, IReadOnlyDictionary<string, double> scores) =>
        new(results, task.Score.Of(loss, scores), loss,
            scores.TryGetValue(Measurement.Accuracy, out double accuracy) ? accuracy : null);

    /// <summary>What came out.</summary>
    /// <param name="Results">By the name of the data.</param>
    /// <param name="Score">What the task chooses by.</param>
    /// <param name="Loss">Of what chooses.</param>
    /// <param name="Accuracy">Of what chooses; null for a task without right answers.</param>
    internal readonly record struct Outcome(
        IReadOnlyList<(string Name, EvaluationResult Result)> Results, double Score, double Loss, double? Accuracy);
}
