using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>Evaluates a network at several numbers of solver steps, in one solve of every sample.</summary>
internal static class StepEvaluator
{
    /// <summary>
    /// Solves every sample of a source once, in evaluation mode and without gradients, and reads the answer out after each of the numbers.
    /// Failed solves never throw.
    /// </summary>
    /// <param name="network">The network; its solver makes one iterate after another.</param>
    /// <param name="task">Says what is right: its <see cref="Measurement.Accuracy"/>.</param>
    /// <param name="source">The data, read in order.</param>
    /// <param name="steps">At least one, each at least 1. After 1 step is the start.</param>
    /// <param name="settings">How it solves; default: the network's own.</param>
    /// <param name="progress">Receives the share done.</param>
    /// <param name="cancellation">Checked before every solver step.</param>
    /// <exception cref="ArgumentException">The solver is one that makes no row of iterates, such as a chain.</exception>
    public static StepStudy Evaluate(
        ImplicitNetwork network, TrainingTask task, BatchSource source, IEnumerable<int> steps, SolveSettings? settings = null,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        settings = (settings ?? network.Settings) with { OnFailure = new MaskFailures() };
        if (settings.Solver is not IterativeSolver)
        {
            throw new ArgumentException($"A solver that makes one iterate after another was expected; given: {settings.Solver}.");
        }

        using EvaluationMode mode = new(network);
        using IDisposable noGraph = no_grad();
        TrainedModel model = new(network);
        int[] chosen = [.. steps.Distinct().Order()];
        int[] right = new int[chosen.Length];
        List<StepStudy.Sample> samples = [];
        foreach (Batch batch in source.InOrder())
        {
            using Batch owned = batch;
            using DisposeScope scope = NewDisposeScope();
            model.Take(batch);
            Dictionary<int, bool[]> seen = [];
            Tensor? outputs = null;
            SolveSettings watched = settings with
            {
                Solver = WatchedSolver.Of(settings.Solver, (step, latent, positions) =>
                {
                    // The first step has all samples; later some may have finished.
                    if (step == 1 || Array.BinarySearch(chosen, step) >= 0)
                    {
                        outputs = Updated(outputs, network.Readout, latent, positions);
                        seen[step] = Right(task, outputs, batch);
                    }
                }),
            };
            ImplicitResult solved;
            try
            {
                solved = network.Run(batch.Inputs, watched, cancellation: cancellation);
            }
            finally
            {
                outputs?.Dispose();
            }

            using ImplicitResult result = solved;
            bool[] atEnd = Right(task, result.Output, batch);
            samples.AddRange(result.Report.Samples.Select((report, i) => new StepStudy.Sample(report.Steps, report.Status, atEnd[i])));
            foreach ((int place, int step) in chosen.Index())
            {
                right[place] += result.Report.Samples.Index().Count(
                    sample => sample.Item.Steps <= step ? atEnd[sample.Index] : seen[step][sample.Index]);
            }

            progress?.Report((double)samples.Count / source.Count);
        }

        return new StepStudy(chosen, [.. right.Select(count => (double)count / samples.Count)], samples);
    }

    /// <summary>The outputs of all samples, those that are still solved as they are now. The caller owns them.</summary>
    private static Tensor Updated(Tensor? outputs, nn.Module<Tensor, Tensor> readout, Tensor latent, IReadOnlyList<int> positions)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor now = readout.call(latent);
        if (outputs is null)
        {
            return now.clone().DetachFromDisposeScope();
        }

        outputs.index_copy_(0, tensor([.. positions.Select(position => (long)position)], device: now.device), now);
        return outputs;
    }

    private static bool[] Right(TrainingTask task, Tensor output, Batch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor whole = task.Measure(output, batch).First(one => one.Name == Measurement.Accuracy).Values;
        return [.. whole.to(ScalarType.Bool).cpu().data<bool>()];
    }
}
