using System.Diagnostics;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>Evaluates models on data.</summary>
public static class Evaluator
{
    /// <summary>
    /// Runs a model over a data set in evaluation mode, without gradients. Failed solves are counted, never thrown. The model's mode is as
    /// before afterwards.
    /// </summary>
    /// <param name="model">Inputs [batch, ...] to outputs [batch, ...]; stays the caller's. With implicit layers in it, or none.</param>
    /// <param name="task">What is measured.</param>
    /// <param name="source">The data, read in order; brought to the model's device and dtype.</param>
    /// <param name="settings">From a solve's own settings to those in force; default: its own.</param>
    /// <param name="each">Told of every output and its batch, which are released afterwards: a <see cref="Confusion"/>, say.</param>
    /// <param name="progress">Told the share done, 0 to 1, after every batch.</param>
    /// <param name="cancellation">Looked at before every batch and solver step.</param>
    public static EvaluationResult Evaluate(
        nn.Module<Tensor, Tensor> model,
        TrainingTask task,
        BatchSource source,
        Func<SolveSettings, SolveSettings>? settings = null,
        Action<Tensor, Batch>? each = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default) =>
        Evaluate(new TrainedModel(model), task, source, settings, each, progress, cancellation);

    /// <summary>The same for a model of any inputs.</summary>
    /// <param name="model">Any module; stays the caller's.</param>
    /// <param name="forward">Calls it with what a batch holds.</param>
    /// <param name="task">What is measured.</param>
    /// <param name="source">The data, read in order; brought to the model's device and dtype.</param>
    /// <param name="settings">From a solve's own settings to those in force; default: its own.</param>
    /// <param name="each">Told of every output and its batch, which are released afterwards.</param>
    /// <param name="progress">Told the share done, 0 to 1, after every batch.</param>
    /// <param name="cancellation">Looked at before every batch and solver step.</param>
    public static EvaluationResult Evaluate(
        nn.Module model,
        Func<Batch, Tensor> forward,
        TrainingTask task,
        BatchSource source,
        Func<SolveSettings, SolveSettings>? settings = null,
        Action<Tensor, Batch>? each = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default) =>
        Evaluate(new TrainedModel(model, forward), task, source, settings, each, progress, cancellation);

    internal static EvaluationResult Evaluate(
        TrainedModel model,
        TrainingTask task,
        BatchSource source,
        Func<SolveSettings, SolveSettings>? settings = null,
        Action<Tensor, Batch>? each = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(source);
        using EvaluationMode mode = new(model.Module);
        return Run(model, task, source, settings, each, progress, cancellation);
    }

    private static EvaluationResult Run(
        TrainedModel model,
        TrainingTask task,
        BatchSource source,
        Func<SolveSettings, SolveSettings>? settings,
        Action<Tensor, Batch>? each,
        IProgress<double>? progress,
        CancellationToken cancellation)
    {
        using IDisposable noGraph = no_grad();
        long begin = Stopwatch.GetTimestamp();
        SolverTotals solver = new();
        ScoreTotals scores = new();
        foreach (Batch batch in source.InOrder())
        {
            using Batch owned = batch;
            using DisposeScope scope = NewDisposeScope();
            cancellation.ThrowIfCancellationRequested();
            model.Take(batch);
            using SolveScope solves = new(
                own => (settings?.Invoke(own) ?? own) with { OnFailure = new MaskFailures() }, cancellation: cancellation);
            Tensor output = model.Answer(batch);
            solver.Add(solves);
            Tensor losses = TrainedModel.Losses(task, output, batch);
            bool[] included = new bool[batch.Count];
            Array.Fill(included, true);
            scores.Add(losses.sum(ScalarType.Float64).ToDouble(), TrainedModel.Measure(task, output, batch), included);
            each?.Invoke(output, batch);
            progress?.Report(Math.Min(1, (double)scores.Count / source.Count));
        }

        return new EvaluationResult
        {
            Count = (int)scores.Count,
            Loss = scores.Count == 0 ? 0 : scores.Loss,
            Scores = scores.Means,
            Solver = solver,
            Seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds,
        };
    }
}
