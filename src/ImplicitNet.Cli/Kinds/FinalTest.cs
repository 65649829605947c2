using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Reports;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>All that is measured of a network on test data.</summary>
/// <param name="Evaluation">On all samples.</param>
internal sealed record FinalTest(EvaluationResult Evaluation)
{
    private const int TracedSamples = 500;
    private const int MeasuredSamples = 100;

    /// <summary>On the first samples; null of a network without fixed points.</summary>
    public ContractionReport? Contraction { get; init; }

    /// <summary>On the first samples; null of a network without fixed points.</summary>
    public ResidualTraceSummary? Residuals { get; init; }

    /// <summary>Of the first samples.</summary>
    public IReadOnlyList<int> Steps { get; init; } = [];

    /// <summary>Of classes, on all samples; null for other tasks.</summary>
    public Confusion? Confusion { get; init; }

    /// <summary>Images with wrong answers and right ones.</summary>
    public IReadOnlyList<AnsweredImage> Shown { get; init; } = [];

    /// <summary>The loss on all that was held out, of a text; null where the validation of the training is all that is told.</summary>
    public double? HeldOutLoss { get; init; }

    /// <summary>On further data.</summary>
    public IReadOnlyList<TestResult> More { get; init; } = [];

    /// <summary>Evaluates a network, which is in evaluation mode afterwards.</summary>
    /// <param name="network">The network.</param>
    /// <param name="task">What is measured.</param>
    /// <param name="source">The data.</param>
    /// <param name="tolerance">Relative: that of the network's solves.</param>
    /// <param name="each">Called with every output and its batch.</param>
    /// <param name="progress">Told the share done.</param>
    /// <param name="cancellation">Ends it.</param>
    public static FinalTest Run(
        nn.Module<Tensor, Tensor> network, TrainingTask task, BatchSource source, double tolerance, Action<Tensor, Batch>? each,
        IProgress<double> progress, CancellationToken cancellation)
    {
        EvaluationResult evaluation =
            Evaluator.Evaluate(network, task, source, each: each, progress: progress, cancellation: cancellation);
        network.eval();
        FinalTest test = new(evaluation);
        return network is ImplicitNetwork own ? Solved(test, own, source, tolerance, cancellation) : test;
    }

    private static FinalTest Solved(
        FinalTest test, ImplicitNetwork network, BatchSource source, double tolerance, CancellationToken cancellation)
    {
        ContractionReport contraction = Measure(network, source);
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = FirstOf(source, TracedSamples, network);
        ResidualTrace trace = new();
        using ImplicitResult result = network.Run(batch.Inputs, trace: trace, cancellation: cancellation);
        double[][] residuals = [.. trace.Samples.Select(sample => sample.Select(entry => entry.Ratio * tolerance).ToArray())];
        return test with
        {
            Contraction = contraction,
            Residuals = ResidualTraceSummary.FromSamples(residuals, tolerance),
            Steps = [.. result.Report.Samples.Select(sample => sample.Steps)],
        };
    }

    /// <summary>The contraction factor at the fixed points of the first samples; the network must be in evaluation mode.</summary>
    public static ContractionReport Measure(ImplicitNetwork network, BatchSource source)
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = FirstOf(source, MeasuredSamples, network);
        return network.MeasureContraction(batch.Inputs);
    }

    // Of generated samples and windows, which may be of any size, no more than a batch: that is what is known to go into memory.
    private static Batch FirstOf(BatchSource source, int count, ImplicitNetwork network) => First(
        source, source is GeneratedBatches or TextBatches ? Math.Min(count, ((IndexedBatches)source).BatchSize) : count, network);

    /// <summary>The first samples, where a network is.</summary>
    public static Batch First(BatchSource source, int count, nn.Module network)
    {
        Batch batch = source.First(count);
        batch.Convert(ScalarType.Float32, network.parameters().First().device);
        return batch;
    }
}
