using static TorchSharp.torch;

namespace ImplicitNet.Training.Optimizers;

/// <summary>
/// What an optimiser remembers between steps, for checkpoints: tensors by name, the optimiser's own, and its counts of steps.
/// </summary>
/// <param name="tensors">Written into where a checkpoint is taken up.</param>
/// <param name="readSteps">Counts of steps; none where it counts none.</param>
/// <param name="writeSteps">Puts as many counts back.</param>
internal sealed class OptimizerMemory(
    IReadOnlyList<(string Name, Tensor Value)> tensors, Func<long[]> readSteps, Action<long[]> writeSteps)
{
    public IReadOnlyList<(string Name, Tensor Value)> Tensors => tensors;

    public long[] Steps
    {
        get => readSteps();
        set => writeSteps(value);
    }
}
