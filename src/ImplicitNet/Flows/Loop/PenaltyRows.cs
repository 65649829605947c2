using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>The penalties of one flow, with the random vectors that they are estimated by.</summary>
/// <param name="penalties">At least one.</param>
/// <param name="vectors">Those of the first penalty, then of the next, ...: each in the shape of the start.</param>
internal sealed class PenaltyRows(IReadOnlyList<FlowPenalty> penalties, Tensor[] vectors) : IDisposable
{
    /// <summary>Draws what is random in them.</summary>
    /// <param name="penalties">Perhaps none.</param>
    /// <param name="start">[batch, ...].</param>
    /// <returns>Null where there are none. The caller owns it.</returns>
    public static PenaltyRows? Draw(IReadOnlyList<FlowPenalty> penalties, Tensor start)
    {
        if (penalties.Count == 0)
        {
            return null;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        return new PenaltyRows(penalties, [.. Enumerable.Range(0, penalties.Sum(penalty => penalty.Vectors)).Select(
            _ => (randint(0, 2, start.shape, ScalarType.Float32) * 2 - 1).to(start.dtype).to(start.device).DetachFromDisposeScope())]);
    }

    /// <summary>The field with them beside its state.</summary>
    /// <param name="field">Sample by sample, or a coupled one as a system; the caller keeps it.</param>
    /// <param name="start">Its start: the numbers of the start here, in any shape.</param>
    /// <returns>The caller owns it; it must not outlive this.</returns>
    public PenalizedField Beside(VectorField field, Tensor start) =>
        new(field, penalties, start, [.. vectors.Select(vector => vector.reshape(start.shape).alias())]);

    /// <summary>The sum of the terms: [batch], of integrals [batch, penalties]. In the caller's scope.</summary>
    public Tensor Weighted(Tensor integrals) => penalties
        .Select((penalty, column) => integrals.select(1, column) * penalty.Weight)
        .Aggregate((sum, term) => sum + term);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor vector in vectors)
        {
            vector.Dispose();
        }
    }
}
