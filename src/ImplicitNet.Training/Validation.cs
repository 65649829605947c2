using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Distribution;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Training;

/// <summary>Evaluates the model of a run on its validation data, of which the first choose the best epoch.</summary>
/// <param name="model">The model.</param>
/// <param name="task">What is measured.</param>
/// <param name="choosing">The data that choose the best epoch; null: the training does.</param>
/// <param name="more">Further data, which choose nothing.</param>
/// <param name="settings">Maps the settings of solves of some data to those they use; null: the model's own.</param>
/// <param name="agreement">Of the ranks that evaluate together; null for a process of its own.</param>
internal sealed class Validation(
    TrainedModel model, TrainingTask task, BatchSource? choosing, IReadOnlyList<BatchSource> more,
    Func<BatchSource, SolveSettings, SolveSettings>? settings = null, Agreement? agreement = null)
{
    /// <summary>What the scores of the training data and of those that choose are called in a record.</summary>
    public const string Train = "train", Choosing = "validation";

    /// <summary>Further data, each of which can be told from the others in a record.</summary>
    /// <exception cref="ArgumentException">Two have one name, one has that of the others', or one has no samples.</exception>
    public static IReadOnlyList<BatchSource> Checked(IReadOnlyList<BatchSource> more)
    {
        ArgumentNullException.ThrowIfNull(more);
        HashSet<string> names = [Train, Choosing];
        foreach (BatchSource source in more)
        {
            ArgumentNullException.ThrowIfNull(source, nameof(more));
            EnsureSamples(source, nameof(more));
            if (!names.Add(source.Name))
            {
                throw new ArgumentException(
                    $"Records know further data by their names, each of its own and none '{Train}' or '{Choosing}'. "
                    + $"Given: '{source.Name}'.",
                    nameof(more));
            }
        }

        return more;
    }

    /// <summary>Nothing is learned from no samples, and a mean of none chooses nothing.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static void EnsureSamples(BatchSource? source, string name)
    {
        if (source is { Count: 0 } or { StepsPerEpoch: 0 })
        {
            throw new ArgumentException($"At least one sample is needed. Given: '{source.Name}', which has none.", name);
        }
    }

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
        EvaluationResult? chosen = choosing is null ? null : Evaluate(choosing);
        if (excludesFailures && chosen?.Solver is { Samples: > 0 } solver && solver.Failures == solver.Samples)
        {
            throw TrainingDivergedException.Unsolved("validation sample", step, epoch);
        }

        (string Name, EvaluationResult Result)[] others =
            [.. more.Select(source => (source.Name, Evaluate(source)))];
        totals.Lap((times, _) => times with { Validation = (chosen?.Seconds ?? 0) + others.Sum(other => other.Result.Seconds) });
        double loss = chosen?.Loss ?? totals.Scores.Loss;
        IReadOnlyDictionary<string, double> scores = chosen?.Scores ?? totals.Scores.Means;
        return new(chosen, others, task.Score.Of(loss, scores), loss,
            scores.TryGetValue(Measurement.Accuracy, out double accuracy) ? accuracy : null);
    }

    private EvaluationResult Evaluate(BatchSource source) =>
        Evaluator.Evaluate(model, task, source, settings is null ? null : own => settings(source, own), agreement: agreement);

    /// <summary>What came out.</summary>
    /// <param name="Chosen">Of the data that choose; null where the training does.</param>
    /// <param name="More">Of the further data, by their names.</param>
    /// <param name="Score">What the task chooses by.</param>
    /// <param name="Loss">Of what chooses.</param>
    /// <param name="Accuracy">Of what chooses; null for a task without right answers.</param>
    internal readonly record struct Outcome(
        EvaluationResult? Chosen,
        IReadOnlyList<(string Name, EvaluationResult Result)> More,
        double Score,
        double Loss,
        double? Accuracy);
}
