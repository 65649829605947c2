using System.Diagnostics;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>Evaluates classifiers.</summary>
public static class Evaluator
{
    /// <summary>
    /// Runs the network over a data set in evaluation mode, without gradients. Failed solves are counted, never thrown.
    /// The network's mode is as before afterwards.
    /// </summary>
    /// <param name="network">Images [batch, channels, height, width] to logits [batch, classes]; stays the caller's.</param>
    /// <param name="source">The data, read in order.</param>
    /// <param name="progress">Told the share done, 0 to 1, after every batch.</param>
    /// <param name="cancellation">Looked at before every batch and solver step.</param>
    public static EvaluationResult Evaluate(
        ImplicitNetwork network, ImageBatches source, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(source);
        bool wasTraining = network.training;
        network.eval();
        try
        {
            return Run(network, source, progress, cancellation);
        }
        finally
        {
            network.train(wasTraining);
        }
    }

    private static EvaluationResult Run(
        ImplicitNetwork network, ImageBatches source, IProgress<double>? progress, CancellationToken cancellation)
    {
        using IDisposable noGraph = no_grad();
        long begin = Stopwatch.GetTimestamp();
        SolveSettings settings = network.Settings with { OnFailure = new MaskFailures() };
        SolverTotals totals = new();
        int[][] confusion = [.. Enumerable.Range(0, source.Dataset.ClassCount).Select(_ => new int[source.Dataset.ClassCount])];
        double loss = 0;
        int seen = 0;
        foreach (Batch batch in source.InOrder())
        {
            using Batch owned = batch;
            using DisposeScope scope = NewDisposeScope();
            cancellation.ThrowIfCancellationRequested();
            using ImplicitResult result = network.Run(batch.Inputs, settings, cancellation: cancellation);
            totals.Add(result.Report);
            loss += nn.functional.cross_entropy(result.Output, batch.Targets, reduction: nn.Reduction.Sum).ToDouble();
            long[] predicted = [.. result.Output.argmax(1).cpu().data<long>()];
            long[] labels = [.. batch.Targets.cpu().data<long>()];
            for (int i = 0; i < labels.Length; i++)
            {
                confusion[labels[i]][predicted[i]]++;
            }

            seen += batch.Count;
            progress?.Report((double)seen / source.Dataset.Count);
        }

        return new EvaluationResult
        {
            Count = seen,
            Accuracy = (double)confusion.Select((row, label) => row[label]).Sum() / Math.Max(1, seen),
            Loss = loss / Math.Max(1, seen),
            Solver = totals,
            Seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds,
            Confusion = confusion,
        };
    }
}
