using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>What an <see cref="EquilibriumTransformer"/> is told of a sequence beside q.</summary>
public sealed record SequenceContext
{
    /// <summary>Nothing: every token is there, and none before them.</summary>
    public static SequenceContext None { get; } = new();

    /// <summary>
    /// Which tokens are there: [batch, tokens], Bool; false is padding. No other token attends to it, its latent is 0, and it does not
    /// count in the residual. Null, the default: all of them.
    /// </summary>
    public Tensor? Present { get; init; }

    /// <summary>
    /// The fixed points of what came before; null, the default: nothing did. Gradients reach it where it is in a graph.
    /// </summary>
    public SequenceMemory? Memory { get; init; }
}
