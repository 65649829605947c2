using ImplicitNet.Benchmarks.Measurement;

namespace ImplicitNet.Benchmarks.Latency;

/// <summary>Images inferred in batches of one size.</summary>
internal sealed record BatchedImages
{
    /// <summary>Images in a batch.</summary>
    public required int Batch { get; init; }

    /// <summary>Throughput, by batch.</summary>
    public required Spread ImagesPerSecond { get; init; }

    /// <summary>Solver steps of an image, on average.</summary>
    public required double MeanSteps { get; init; }

    /// <summary>The most of any image.</summary>
    public required int MostSteps { get; init; }

    /// <summary>Evaluations paid over the sum of the images' own steps: 1 is work in proportion to each image's difficulty.</summary>
    public required double PaidOverOwn { get; init; }

    /// <summary>What it would be if all images went along with the slowest.</summary>
    public required double LockStepOverOwn { get; init; }

    /// <summary>Images whose solve has not converged.</summary>
    public required int Failures { get; init; }
}
