using ImplicitNet.Training;

namespace ImplicitNet.Tests.Training.Distribution;

/// <summary>What came of one rank.</summary>
internal sealed class RankOutcome
{
    public TrainingResult? Result { get; set; }

    public Exception? Failure { get; set; }

    public bool Resumed { get; set; }

    public List<TrainingEvent> Events { get; } = [];

    /// <summary>Of all parameters that have one, after the first step.</summary>
    public double[] Gradient { get; set; } = [];

    /// <summary>For every parameter whether it has one after the first step.</summary>
    public bool[] HasGradient { get; set; } = [];

    /// <summary>The parameters' bytes at the end.</summary>
    public byte[] Weights { get; set; } = [];

    /// <summary>Those of buffers too.</summary>
    public byte[] State { get; set; } = [];

    /// <summary>Tensors left alive.</summary>
    public long Left { get; set; }

    public double[] Losses => [.. Events.OfType<TrainingEvent.StepFinished>().Select(step => step.Loss)];

    /// <summary>The first of ranks that all came to the same end.</summary>
    public static RankOutcome Good(RankOutcome[] ranks)
    {
        Assert.All(ranks, rank => Assert.True(rank.Failure is null, rank.Failure?.ToString()));
        Assert.All(ranks, rank => Assert.Equal(ranks[0].State, rank.State));
        Assert.All(ranks, rank => Assert.Equal(ranks[0].Losses, rank.Losses));
        return ranks[0];
    }
}
