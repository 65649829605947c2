using System.Globalization;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Cli;
using ImplicitNet.Reports;

namespace ImplicitNet.Benchmarks.Latency;

/// <summary>The inference of one network, image by image and in batches.</summary>
/// <param name="Network">Which.</param>
/// <param name="Images">Of what.</param>
/// <param name="Machine">Where.</param>
/// <param name="Single">One image at a time.</param>
/// <param name="Batches">In batches, by size.</param>
internal sealed record LatencyResult(
    string Network, string Images, Machine Machine, SingleImages Single, IReadOnlyList<BatchedImages> Batches)
{
    /// <summary>One row for each network.</summary>
    public static ReportTable Latencies(IReadOnlyList<LatencyResult> results) => new(
        ["Network", "Images", "Median", "95 of 100 within", "By steps of the solve (images, median)"],
        [.. results.Select(result => (IReadOnlyList<string>)
        [
            $"{result.Network}, {result.Images}", Display.Count(result.Single.Count), Display.Measured(result.Single.Median),
            Display.Measured(result.Single.Late),
            string.Join("; ", result.Single.ByStep.Select(Text)),
        ])]);

    /// <summary>One row for each network and size of batch.</summary>
    public static ReportTable Throughputs(IReadOnlyList<LatencyResult> results) => new(
        ["Network", "Batch", "Images/s (least to largest)", "Mean steps", "Most steps", "Paid over own steps", "In lock-step",
            "Not converged"],
        [.. results.SelectMany(result => result.Batches.Select(batch => (IReadOnlyList<string>)
        [
            result.Network, Display.Count(batch.Batch), Rate(batch), Number(batch.MeanSteps), Display.Count(batch.MostSteps),
            Number(batch.PaidOverOwn), Number(batch.LockStepOverOwn), Display.Count(batch.Failures),
        ]))]);

    /// <summary>The latency in one line, the throughput of each size of batch in one more.</summary>
    public override string ToString() => string.Join('\n', Batches.Select(batch =>
            $"throughput: {Network} | {Images}, batch {batch.Batch} | {Machine} | {Rate(batch)} images/s | {Number(batch.MeanSteps)} "
                + $"steps on average, {batch.MostSteps} at most; "
            + $"paid {Number(batch.PaidOverOwn)} of the images' own steps, in lock-step {Number(batch.LockStepOverOwn)}; "
            + $"{batch.Failures} not converged")
        .Prepend($"latency: {Network} | {Images}, batch 1, {Single.Count} calls | {Machine} | median {Display.Measured(Single.Median)}, "
            + $"95 of 100 within {Display.Measured(Single.Late)} | {string.Join("; ", Single.ByStep.Select(Text))}"));

    private static string Text(StepGroup group) => $"{group.Steps} steps ({Display.Count(group.Images)}): {Display.Measured(group.Median)}";

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Rate(BatchedImages batch) => string.Create(
        CultureInfo.InvariantCulture, $"{batch.ImagesPerSecond.Median:N0} ({batch.ImagesPerSecond.Least:N0} to "
            + $"{batch.ImagesPerSecond.Largest:N0})");
}
