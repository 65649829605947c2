using System.Diagnostics;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Benchmarks.Naive;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Paired;

/// <summary>What one pass over all test images gave.</summary>
/// <param name="Answers">The class of every image.</param>
/// <param name="Accuracy">Share of right ones.</param>
/// <param name="MeanSteps">Steps that a sample was carried through, on average.</param>
/// <param name="Failures">
/// Samples whose solve has not converged; for the naive procedure those of batches that ended at the step limit.
/// </param>
/// <param name="Seconds">For the pass.</param>
internal sealed record Inference(long[] Answers, double Accuracy, double MeanSteps, long Failures, double Seconds)
{
    /// <summary>By the naive procedure, in evaluation mode.</summary>
    public static Inference Of(NaiveNetwork network, PreparedBatches batches) => Run(batches, batches.ChannelsFirst, images =>
    {
        Tensor logits = network.call(images);
        long count = images.shape[0];
        return (logits, network.Steps * count, network.Steps >= network.MaxSteps ? count : 0);
    });

    /// <summary>By the library, with the network's solver and stopping rule, in evaluation mode.</summary>
    public static Inference Of(ImplicitNetwork network, PreparedBatches batches) => Run(batches, batches.ChannelsLast, images =>
    {
        ImplicitResult result = network.Run(images);
        SolveReport report = result.Report;
        return (result.Output, report.Samples.Sum(sample => (long)sample.Steps),
            report.Samples.Count - report.Count(SolveStatus.Converged));
    });

    /// <summary>Share of the images to which both give the same class.</summary>
    public double Agreement(Inference other) =>
        Answers.Zip(other.Answers, (own, others) => own == others).Average(isSame => isSame ? 1.0 : 0.0);

    private static Inference Run(
        PreparedBatches batches, Func<int, (Tensor Images, Tensor Labels)> at,
        Func<Tensor, (Tensor Logits, long Steps, long Failures)> infer)
    {
        using IDisposable noGraph = no_grad();
        List<long> answers = new(batches.Images);
        (long right, long steps, long failures) = (0, 0, 0);
        long begin = Stopwatch.GetTimestamp();
        for (int index = 0; index < batches.Count; index++)
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor images, Tensor labels) = at(index);
            (Tensor logits, long taken, long failed) = infer(images);
            Tensor classes = logits.argmax(1);
            right += classes.eq(labels).sum().ToInt64();
            answers.AddRange(classes.data<long>());
            (steps, failures) = (steps + taken, failures + failed);
        }

        return new Inference(
            [.. answers], (double)right / batches.Images, (double)steps / batches.Images, failures,
            Stopwatch.GetElapsedTime(begin).TotalSeconds);
    }
}
