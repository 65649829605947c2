using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Reports;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>All that is measured of a network on one part of a data set.</summary>
/// <param name="Evaluation">On all images.</param>
/// <param name="Confusion">On all images.</param>
/// <param name="Contraction">On the first images.</param>
/// <param name="Residuals">On the first images.</param>
/// <param name="Steps">Of the first images.</param>
/// <param name="Shown">Wrong answers and right ones.</param>
internal sealed record FinalTest(
    EvaluationResult Evaluation,
    Confusion Confusion,
    ContractionReport Contraction,
    ResidualTraceSummary Residuals,
    IReadOnlyList<int> Steps,
    IReadOnlyList<AnsweredImage> Shown)
{
    private const int TracedImages = 500;
    private const int MeasuredImages = 100;

    public static FinalTest Run(
        ImplicitNetwork network, ImageBatches source, double tolerance, IProgress<double> progress, CancellationToken cancellation)
    {
        Confusion confusion = new(source.Dataset.ClassCount);
        ShownImages shown = new(source.Dataset);
        Action<Tensor, Batch> each = confusion.Add;
        EvaluationResult evaluation = Evaluator.Evaluate(
            network, new Classification(), source, each: each + shown.Add, progress: progress, cancellation: cancellation);
        network.eval();
        ContractionReport contraction = Measure(network, source);
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = source.First(TracedImages);
        ResidualTrace trace = new();
        using ImplicitResult result = network.Run(batch.Inputs, trace: trace, cancellation: cancellation);
        double[][] residuals = [.. trace.Samples.Select(sample => sample.Select(entry => entry.Ratio * tolerance).ToArray())];
        return new FinalTest(
            evaluation, confusion, contraction, ResidualTraceSummary.FromSamples(residuals, tolerance),
            [.. result.Report.Samples.Select(sample => sample.Steps)], shown.Solved(network, source, tolerance, cancellation));
    }

    /// <summary>The contraction factor at the fixed points of the first images; the network must be in evaluation mode.</summary>
    public static ContractionReport Measure(ImplicitNetwork network, ImageBatches source)
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = source.First(MeasuredImages);
        return network.MeasureContraction(batch.Inputs);
    }
}
