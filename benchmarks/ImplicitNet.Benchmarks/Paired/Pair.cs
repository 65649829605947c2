namespace ImplicitNet.Benchmarks.Paired;

/// <summary>Two ways to do the same work, and how to tell that it is the same.</summary>
internal sealed record Pair
{
    /// <summary>What is done, such as "training step, published network".</summary>
    public required string Name { get; init; }

    /// <summary>What is compared with, in few words.</summary>
    public required string BaselineName { get; init; }

    /// <summary>What is compared, in few words.</summary>
    public required string CandidateName { get; init; }

    /// <summary>Samples in a batch.</summary>
    public required int Batch { get; init; }

    /// <summary>What a time is given for: "step", "pass".</summary>
    public required string Unit { get; init; }

    /// <summary>How many of these one round makes.</summary>
    public required int UnitsInRound { get; init; }

    /// <summary>Called before every round, outside the time.</summary>
    public Action<int> Prepare { get; init; } = static _ => { };

    /// <summary>One round of the side that is compared with.</summary>
    public required Action<int> Baseline { get; init; }

    /// <summary>One round of ours.</summary>
    public required Action<int> Candidate { get; init; }

    /// <summary>What both came to, asked for once, after the last round.</summary>
    public required Func<IReadOnlyList<Fact>> Facts { get; init; }
}
