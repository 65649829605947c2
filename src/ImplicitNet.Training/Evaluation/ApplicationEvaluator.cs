using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>Evaluates trained classifiers after fixed numbers of applications of R, and at their tolerance.</summary>
internal static class ApplicationEvaluator
{
    /// <summary>
    /// Runs the network over a data set in evaluation mode, without gradients: <c>S(u_k)</c> with <c>u_0 = 0</c>,
    /// <c>u_k = R(u_{k-1}, q)</c>, so that one application is the explicit twin's <c>S(R(0, q))</c>; and S(u*) as the network
    /// itself computes it. The network's mode is as before afterwards.
    /// </summary>
    /// <remarks>Costs for every batch a solve, one evaluation more than the largest number, and a readout for each number.</remarks>
    /// <param name="network">Images [batch, channels, height, width] to logits [batch, classes]; the caller keeps it.</param>
    /// <param name="source">The data, read in order.</param>
    /// <param name="applications">Numbers of applications, each at least 1 and there once; in any order.</param>
    /// <param name="progress">Told the share done, 0 to 1, after every batch.</param>
    /// <param name="cancellation">Checked before every batch and solver step.</param>
    /// <exception cref="ArgumentException">There is no number, one below 1, or one twice.</exception>
    public static ApplicationStudy Evaluate(
        ImplicitNetwork network, BatchSource source, IReadOnlyList<int> applications, IProgress<double>? progress =
            null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(applications);
        if (applications.Count == 0 || applications.Min() < 1 || applications.Distinct().Count() < applications.Count)
        {
            throw new ArgumentException(
                $"Numbers of applications must be at least 1, and each there once; given: {string.Join(", ", applications)}.",
                nameof(applications));
        }

        using EvaluationMode mode = new(network);
        return Run(network, source, [.. applications.Order()], progress, cancellation);
    }

    private static ApplicationStudy Run(
        ImplicitNetwork network, BatchSource source, int[] counts, IProgress<double>? progress, CancellationToken cancellation)
    {
        using IDisposable noGraph = no_grad();
        SolveSettings settings = network.Settings with { OnFailure = new MaskFailures() };
        SolverTotals solver = new();
        SortedList<int, ApplicationTotals> totals = new(counts.ToDictionary(count => count, count => new ApplicationTotals(count)));
        ApplicationTotals atTolerance = new(null);
        int seen = 0;
        foreach (Batch batch in source.InOrder())
        {
            using Batch owned = batch;
            using DisposeScope scope = NewDisposeScope();
            cancellation.ThrowIfCancellationRequested();
            LatentOperator latentOperator = network.Layer.Operator;
            Tensor q = network.Encoder.call(batch.Inputs);
            using FixedPointMap map = latentOperator.Bind(q);
            using ImplicitResult solved = network.Layer.Run(q, settings, cancellation: cancellation);
            Tensor logits = network.Readout.call(solved.Output);
            Tensor answers = logits.argmax(1);
            solver.Add(solved.Report);
            atTolerance.Add(logits, batch.Targets, answers, solved.Latent, map.Evaluate(solved.Latent));
            Apply(map, zeros_like(latentOperator.StartingLatent(q)), network, batch.Targets, answers, totals);
            seen += batch.Count;
            progress?.Report((double)seen / source.Count);
        }

        return new ApplicationStudy
        {
            Samples = seen,
            ByApplications = [.. totals.Values.Select(total => total.Over(seen))],
            AtTolerance = atTolerance.Over(seen),
            Tolerance = settings.Stopping.RelativeTolerance,
            MeanSteps = solver.MeanSteps,
            Failures = solver.Failures,
        };
    }

    private static void Apply(
        FixedPointMap map, Tensor start, ImplicitNetwork network, Tensor labels, Tensor answers, SortedList<int, ApplicationTotals> totals)
    {
        Tensor latent = map.Evaluate(start);
        for (int count = 1; count <= totals.Keys[^1]; count++)
        {
            using DisposeScope step = NewDisposeScope();
            using Tensor before = latent;
            Tensor next = map.Evaluate(before);
            if (totals.TryGetValue(count, out ApplicationTotals? total))
            {
                total.Add(network.Readout.call(before), labels, answers, before, next);
            }

            latent = next.MoveToOuterDisposeScope();
        }
    }
}
