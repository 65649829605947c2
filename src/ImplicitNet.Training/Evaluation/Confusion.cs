using ImplicitNet.Kernels;
using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>A confusion matrix: which class was taken for which. Pass its <see cref="Add"/> to <see cref="Evaluator"/>.</summary>
public sealed class Confusion
{
    private readonly int[][] _counts;

    /// <summary>Creates an empty matrix.</summary>
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
    /// <param name="batch">Its targets are classes: integers, [batch], from 0 up to the number of classes.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or classes are not as described; nothing was counted.</exception>
    public void Add(Tensor output, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(batch);
        TensorCheck.EnsureBatch(output, nameof(output), "The output");
        Tensor targets = batch.Targets;
        if (!output.shape.AsSpan().SequenceEqual([batch.Count, _counts.Length]) || targets.ndim != 1 || !targets.is_integral())
        {
            throw new ArgumentException(
                $"Outputs must be [{batch.Count}, {_counts.Length}], targets integers [{batch.Count}]. "
                + $"Given: {TensorCheck.Describe(output)} and {TensorCheck.Describe(targets)}.",
                nameof(output));
        }

        using TorchSharp.DisposeScope scope = NewDisposeScope();
        long[] predicted = [.. output.argmax(1).cpu().data<long>()];
        long[] labels = [.. targets.to(ScalarType.Int64).cpu().data<long>()];
        if (Array.FindIndex(labels, label => label < 0 || label >= _counts.Length) is var wrong and >= 0)
        {
            throw new ArgumentException($"Classes are 0 to {_counts.Length - 1}. That of sample {wrong}: {labels[wrong]}.", nameof(batch));
        }

        for (int sample = 0; sample < labels.Length; sample++)
        {
            _counts[labels[sample]][predicted[sample]]++;
        }
    }
}
