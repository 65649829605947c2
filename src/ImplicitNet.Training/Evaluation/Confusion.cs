using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>Which class was taken for which; told of every batch by <see cref="Evaluator"/>.</summary>
public sealed class Confusion
{
    private readonly int[][] _counts;

    /// <summary>Nothing seen yet.</summary>
    /// <param name="classes">Number of classes; at least 1.</param>
    public Confusion(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        _counts = [.. Enumerable.Range(0, classes).Select(_ => new int[classes])];
    }

    /// <summary>Samples by class (row) and prediction (column): [classes][classes].</summary>
    public IReadOnlyList<IReadOnlyList<int>> Counts => _counts;

    /// <summary>Counts a batch.</summary>
    /// <param name="output">Logits: [batch, classes].</param>
    /// <param name="batch">Its targets are classes: int64 [batch].</param>
    public void Add(Tensor output, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(batch);
        using TorchSharp.DisposeScope scope = NewDisposeScope();
        long[] predicted = [.. output.argmax(1).cpu().data<long>()];
        long[] labels = [.. batch.Targets.cpu().data<long>()];
        for (int sample = 0; sample < labels.Length; sample++)
        {
            _counts[labels[sample]][predicted[sample]]++;
        }
    }
}
