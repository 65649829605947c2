using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>What a node sends back.</summary>
/// <param name="Value">To the value that it stands behind; null for nothing.</param>
/// <param name="Sources">To the tensors that R computes with, in their order; empty for nothing.</param>
internal readonly record struct AdjointResult(Tensor? Value, IReadOnlyList<Tensor?> Sources)
{
    public static AdjointResult None { get; } = new(null, []);

    public Tensor? Source(int position) => position < Sources.Count ? Sources[position] : null;
}
