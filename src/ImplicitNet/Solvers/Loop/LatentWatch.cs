using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Loop;

/// <summary>
/// Looks at the latents once a patience, where the <see cref="Stall"/> of the rule does, and keeps those of the last look.
/// </summary>
internal sealed class LatentWatch(StoppingRule stopping) : IDisposable
{
    private LatentLayout _layout;
    private Tensor? _before;
    private int[] _samples = [];

    // The default asks for nothing, and a solve of few steps would feel the look.
    private bool _isOver = stopping.Stall == Stall.Residual;

    /// <summary>Looks at a step, before its residuals are judged, and notes the samples that moved.</summary>
    /// <param name="step">Counted from 1.</param>
    /// <param name="measured">What it measured.</param>
    /// <param name="samples">The original positions of its rows; no more than at the last look, in the same order.</param>
    /// <param name="progress">Takes the note.</param>
    public void Look(int step, FixedPointStep measured, IReadOnlyList<int> samples, SampleProgress progress)
    {
        if (_isOver || (step - 1) % stopping.Patience != 0)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        _layout = _before is null ? LatentLayout.Of(measured.Latent) : _layout;
        Tensor now = _layout.Flatten(measured.Latent);
        Tensor before = _before is null ? now : Rows(_before, samples, now.device);
        bool[]? moved = Moved(before, now);
        if (moved is null)
        {
            _isOver = true;
            return;
        }

        for (int position = 0; position < moved.Length; position++)
        {
            if (moved[position])
            {
                progress.NoteMove(samples[position]);
            }
        }

        // An iterate that was taken back is none of the sample's.
        int[] rejected = [.. Enumerable.Range(0, measured.Rejected.Count).Where(position => measured.Rejected[position])];
        Tensor kept = now.clone();
        if (rejected.Length > 0)
        {
            Tensor rows = RowIndices.Of(rejected, now.device);
            kept.index_copy_(0, rows, before.index_select(0, rows));
        }

        _before?.Dispose();
        _before = kept.DetachFromDisposeScope();
        _samples = [.. samples];
    }

    public void Dispose() => _before?.Dispose();

    private Tensor Rows(Tensor before, IReadOnlyList<int> samples, Device device) => samples.Count == _samples.Length
        ? before
        : before.index_select(0, RowIndices.Of([.. samples.Select(sample => Array.BinarySearch(_samples, sample))], device));

    private bool[]? Moved(Tensor before, Tensor now)
    {
        using Tensor? moved = stopping.Stall.HasMoved(before, now);
        return moved is null ? null
            : moved.ndim == 1 && moved.shape[0] == now.shape[0] && moved.dtype == ScalarType.Bool ? [.. moved.cpu().data<bool>()]
            : throw new InvalidOperationException(
                $"{stopping.Stall.GetType().Name}.{nameof(Stall.HasMoved)} must return [{now.shape[0]}] Bool. "
                + $"It returned {TensorCheck.Describe(moved)}.");
    }
}
