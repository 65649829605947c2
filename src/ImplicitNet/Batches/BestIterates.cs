using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Batches;

/// <summary>
/// The latents to return, row by row. While residuals fall the best iterate is the current one and nothing is copied; a
/// row is saved only when its sample finishes or gets worse than its last step.
/// </summary>
internal sealed class BestIterates(Tensor start) : IDisposable
{
    private readonly long _count = start.shape[0];
    private Tensor? _rows;
    private LatentLayout _layout = LatentLayout.Of(start);

    /// <summary>Saves some rows of an iterate.</summary>
    /// <param name="iterate">The iterate of the active set: [active, ...].</param>
    /// <param name="positions">Positions in the active set.</param>
    /// <param name="samples">Where they belong in the original batch.</param>
    public void Save(Tensor iterate, IReadOnlyList<int> positions, IReadOnlyList<int> samples)
    {
        using DisposeScope scope = NewDisposeScope();
        if (_rows is null)
        {
            _layout = LatentLayout.Of(iterate);
            if (positions.Count == _count)
            {
                _rows = _layout.Flatten(iterate).clone().DetachFromDisposeScope();
                return;
            }

            _rows = _layout.Flatten(start).clone().DetachFromDisposeScope();
        }

        Tensor chosen = _layout.Flatten(iterate).index_select(0, RowIndices.Of(positions, start.device));
        _rows.index_copy_(0, RowIndices.Of(samples, start.device), chosen);
    }

    /// <summary>The answer for the whole batch: [batch, ...]. The caller owns it.</summary>
    public Tensor Result()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor answer = _rows is null ? start.clone() : _layout.Restore(_rows);
        return answer.DetachFromDisposeScope();
    }

    public void Dispose() => _rows?.Dispose();
}
