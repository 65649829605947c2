namespace ImplicitNet.Benchmarks.Distributed;

/// <summary>
/// What a step of training is expected to take on many ranks: what a rank computes, the sum of the gradient, and waiting for the slowest
/// rank, whose samples need more steps than others', or which the system has disturbed.
/// </summary>
internal sealed record ScalingModel
{
    /// <summary>What connects the ranks.</summary>
    public required Fabric Fabric { get; init; }

    /// <summary>Numbers of the gradient, 4 bytes each.</summary>
    public required double Parameters { get; init; }

    /// <summary>Seconds of a step on a rank that do not depend on its samples.</summary>
    public double Overhead { get; init; } = 4.6e-3;

    /// <summary>Seconds for a sample more.</summary>
    public double PerSample { get; init; } = 0.30e-3;

    /// <summary>By how much the solver's steps of a sample deviate from their mean, as a share of it: 9.1 and 1.2.</summary>
    public double Deviation { get; init; } = 1.2 / 9.1;

    /// <summary>Share of the solve in what a rank computes.</summary>
    public double SolveShare { get; init; } = 0.3;

    /// <summary>By how much the time of a rank deviates by itself, as a share of it.</summary>
    public double Jitter { get; init; } = 0.01;

    /// <summary>How often a rank is disturbed in a step.</summary>
    public double DelayRate { get; init; } = 1e-3;

    /// <summary>By how much, as a share of its time.</summary>
    public double Delay { get; init; } = 0.3;

    /// <summary>Seconds that a rank computes.</summary>
    public double Computing(double samples) => Overhead + (PerSample * samples);

    /// <summary>Seconds for the sum of the gradient.</summary>
    public double Sum(long ranks) => Fabric.Sum(ranks, 4 * Parameters);

    /// <summary>Seconds that the slowest rank takes more than a mean one.</summary>
    public double Waiting(long ranks, double samples)
    {
        double solves = SolveShare * Deviation / Math.Sqrt(samples);
        double largest = LargestNormal.Mean(ranks) * Math.Sqrt((solves * solves) + (Jitter * Jitter));
        double undisturbed = Math.Pow(1 - DelayRate, ranks);
        return ranks == 1 ? 0 : Computing(samples) * (((1 - undisturbed) * Math.Max(Delay, largest)) + (undisturbed * largest));
    }

    /// <summary>Seconds of a step.</summary>
    public double Step(long ranks, double samples) => Computing(samples) + Sum(ranks) + Waiting(ranks, samples);

    /// <summary>Share of a step that is computing, where every rank has as many samples as one rank had.</summary>
    public double Weak(long ranks, double samples) => Computing(samples) / Step(ranks, samples);

    /// <summary>How many times as fast as one rank, where all ranks together have as many samples as one rank had.</summary>
    public double Strong(long ranks, double samples) => Computing(samples) / Step(ranks, samples / ranks);

    /// <summary>
    /// Every how many seconds a checkpoint is due, and which share of the time checkpoints and what a failure takes back then cost together
    /// (Young 1974).
    /// </summary>
    /// <param name="nodes">Machines.</param>
    /// <param name="years">That one runs, on the average, before it fails.</param>
    /// <param name="checkpoint">Seconds that one takes to write.</param>
    public static (double Every, double Lost) Checkpoints(long nodes, double years, double checkpoint)
    {
        double untilFailure = years * 365.25 * 86_400 / nodes;
        double every = Math.Sqrt(2 * checkpoint * untilFailure);
        return (every, (checkpoint / every) + (every / 2 / untilFailure));
    }
}
