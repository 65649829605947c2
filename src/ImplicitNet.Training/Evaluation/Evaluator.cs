using System.Diagnostics;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Distribution;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>Evaluates models on data.</summary>
public static class Evaluator
{
    /// <summary>
    /// Runs a model over a data set in evaluation mode, without gradients. Failed solves and flows are counted and never throw; a sample
    /// whose flow failed has no answer, and is left out of loss and scores. The mode of the model is restored afterwards.
    /// </summary>
    /// <param name="model">
    /// The model, from inputs [batch, ...] to outputs [batch, ...], with or without implicit layers; the caller keeps it.
    /// </param>
    /// <param name="task">Says what is measured.</param>
    /// <param name="source">The data, read in order; brought to the model's device and dtype.</param>
    /// <param name="settings">Maps a solve's own settings to those it uses; default: its own.</param>
    /// <param name="each">
    /// Called with every output and its batch, which are released afterwards, for example to fill a <see cref="Confusion"/>.
    /// </param>
    /// <param name="progress">Receives the share done, 0 to 1, after every batch.</param>
    /// <param name="cancellation">Checked before every batch and solver step.</param>
    public static EvaluationResult Evaluate(
        nn.Module<Tensor, Tensor> model,
        TrainingTask task,
        BatchSource source,
        Func<SolveSettings, SolveSettings>? settings = null,
        Action<Tensor, Batch>? each = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default) =>
        Evaluate(new TrainedModel(model), task, source, settings, each, progress, null, cancellation);

    /// <summary>Runs a model of any inputs over a data set in evaluation mode, without gradients.</summary>
    /// <param name="model">Any module; the caller keeps it.</param>
    /// <param name="forward">Calls the model with what a batch holds.</param>
    /// <param name="task">Says what is measured.</param>
    /// <param name="source">The data, read in order; brought to the model's device and dtype.</param>
    /// <param name="settings">Maps a solve's own settings to those it uses; default: its own.</param>
    /// <param name="each">Called with every output and its batch, which are released afterwards.</param>
    /// <param name="progress">Receives the share done, 0 to 1, after every batch.</param>
    /// <param name="cancellation">Checked before every batch and solver step.</param>
    public static EvaluationResult Evaluate(
        nn.Module model,
        Func<Batch, Tensor> forward,
        TrainingTask task,
        BatchSource source,
        Func<SolveSettings, SolveSettings>? settings = null,
        Action<Tensor, Batch>? each = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default) =>
        Evaluate(new TrainedModel(model, forward), task, source, settings, each, progress, null, cancellation);

    /// <summary>As the others; with several ranks each evaluates its share, and all have the result of the whole.</summary>
    internal static EvaluationResult Evaluate(
        TrainedModel model,
        TrainingTask task,
        BatchSource source,
        Func<SolveSettings, SolveSettings>? settings = null,
        Action<Tensor, Batch>? each = null,
        IProgress<double>? progress = null,
        Agreement? agreement = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(source);
        using EvaluationMode mode = new(model.Module);
        Collective? ranks = agreement?.Ranks;
        SharedBatches batches = new(source, ranks is null ? Share.Whole : new(ranks.Rank, ranks.Size));
        long begin = Stopwatch.GetTimestamp();
        (SolverTotals solver, ScoreTotals scores, int count) = Run(model, task, source, batches, settings, each, progress, cancellation);
        if (agreement is not null)
        {
            (solver, scores, count) = Summed(agreement, solver, scores, count);
        }

        return new EvaluationResult
        {
            Count = count,
            LeftOut = count - (int)scores.Count,
            Loss = count == 0 ? 0 : scores.Loss,
            Scores = scores.Means,
            Solver = solver,
            Seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds,
        };
    }

    private static (SolverTotals Solver, ScoreTotals Scores, int Count) Summed(
        Agreement agreement, SolverTotals solver, ScoreTotals scores, int count)
    {
        double[] ofSolver = solver.ToNumbers();
        double[] sums = [count, .. ofSolver, .. scores.ToNumbers()];
        agreement.Of();
        agreement.Ranks.Sum(sums);
        Span<double> own = sums.AsSpan(1);
        return (SolverTotals.OfNumbers(own[..ofSolver.Length]), scores.OfNumbers(own[ofSolver.Length..]), (int)sums[0]);
    }

    private static (SolverTotals Solver, ScoreTotals Scores, int Count) Run(
        TrainedModel model,
        TrainingTask task,
        BatchSource source,
        SharedBatches batches,
        Func<SolveSettings, SolveSettings>? settings,
        Action<Tensor, Batch>? each,
        IProgress<double>? progress,
        CancellationToken cancellation)
    {
        using IDisposable noGraph = no_grad();
        SolverTotals solver = new();
        ScoreTotals scores = new();
        int count = 0;
        foreach (Batch batch in batches.InOrder())
        {
            using Batch owned = batch;
            using DisposeScope scope = NewDisposeScope();
            cancellation.ThrowIfCancellationRequested();
            model.Take(batch);
            using SolveScope solves = new(
                own => (settings?.Invoke(own) ?? own) with { OnFailure = new MaskFailures() },
                flowSettings: own => own with { OnFailure = new MaskFailures() },
                cancellation: cancellation);
            Tensor output = model.Answer(batch);
            Tensor losses = TrainedModel.Losses(task, output, batch);
            bool[] answered = Answered(solves, batch);
            double lossSum = Array.TrueForAll(answered, has => has)
                ? losses.sum(ScalarType.Float64).ToDouble()
                : losses.to(ScalarType.Float64).cpu().data<double>().Where((_, sample) => answered[sample]).Sum();
            scores.Add(lossSum, TrainedModel.Measure(task, output, batch), answered);
            if (batch.IsStandIn)
            {
                continue;
            }

            solver.Add(solves);
            count += batch.Count;
            each?.Invoke(output, batch);
            progress?.Report(Math.Min(1, (double)count / source.Count));
        }

        return (solver, scores, count);
    }

    /// <summary>For every sample whether its flows came to their ends: where one failed, what stands there is no answer.</summary>
    private static bool[] Answered(SolveScope solves, Batch batch)
    {
        bool[] answered = new bool[batch.Count];
        for (int sample = 0; sample < answered.Length; sample++)
        {
            answered[sample] = !batch.IsStandIn && solves.Flows.All(
                flow => flow.Included.Count == batch.Count ? flow.Included[sample] : !flow.Included.Contains(false));
        }

        return answered;
    }
}
