using System.Diagnostics;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Files;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Latency;

/// <summary>Times the inference of one network: image by image, and in batches, with what each image was paid for.</summary>
/// <param name="network">In evaluation mode; stays the caller's.</param>
/// <param name="images">At least one.</param>
/// <param name="normalization">The network's.</param>
internal sealed class LatencyMeasurement(ImplicitNetwork network, ImageDataset images, PixelNormalization normalization)
{
    // Until the runtime has compiled what is called often; meanwhile its compiler takes a core.
    private const int WarmUp = 1000;
    private const double LateShare = 0.95;

    /// <summary>Infers images one at a time.</summary>
    /// <param name="count">How many; at most all.</param>
    public SingleImages OneByOne(int count)
    {
        using IDisposable noGraph = no_grad();
        count = Math.Min(count, images.Count);
        ImageBatches source = new(images, new BatchOptions { Normalization = normalization, BatchSize = 1 });
        (double Seconds, int Steps)[] calls = new (double, int)[count];
        for (int call = -Math.Min(WarmUp, count); call < count; call++)
        {
            int index = call < 0 ? call + Math.Min(WarmUp, count) : call;
            using Batch batch = source.Read([index]);
            (double seconds, SolveReport report) = Time(batch.Inputs);
            calls[index] = (seconds, report.Samples[0].Steps);
        }

        double[] sorted = [.. calls.Select(call => call.Seconds).Order()];
        StepGroup[] groups = [.. calls.GroupBy(call => call.Steps).OrderBy(group => group.Key)
            .Select(group => new StepGroup(group.Key, group.Count(), Spread.Of(group.Select(call => call.Seconds)).Median))];
        return new SingleImages(count, Spread.Quantile(sorted, 0.5), Spread.Quantile(sorted, LateShare), groups);
    }

    /// <summary>Infers batches of one size.</summary>
    /// <param name="batch">Images in a batch; at most all.</param>
    /// <param name="rounds">How often; each one batch.</param>
    public BatchedImages InBatches(int batch, Rounds rounds)
    {
        using IDisposable noGraph = no_grad();
        batch = Math.Min(batch, images.Count);
        ImageBatches source = new(images, new BatchOptions { Normalization = normalization, BatchSize = batch });
        using Batch whole = source.Read([.. Enumerable.Range(0, batch)]);
        SolveReport? report = null;
        double[] seconds = rounds.Measure(static _ => { }, _ => report = Time(whole.Inputs).Report)[0];
        long own = report!.Samples.Sum(sample => (long)sample.Steps);
        return new BatchedImages
        {
            Batch = batch,
            ImagesPerSecond = Spread.Of(seconds.Select(time => batch / time)),
            MeanSteps = report.MeanSteps,
            MostSteps = report.MaxSteps,
            PaidOverOwn = (double)report.Evaluations / own,
            LockStepOverOwn = (double)report.MaxSteps * batch / own,
            Failures = batch - report.Count(SolveStatus.Converged),
        };
    }

    private (double Seconds, SolveReport Report) Time(Tensor data)
    {
        using DisposeScope scope = NewDisposeScope();
        long begin = Stopwatch.GetTimestamp();
        using ImplicitResult result = network.Run(data);
        _ = result.Output.argmax(1).data<long>()[0];
        return (Stopwatch.GetElapsedTime(begin).TotalSeconds, result.Report);
    }
}
