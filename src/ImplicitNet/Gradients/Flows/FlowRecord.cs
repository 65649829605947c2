using ImplicitNet.Batches;
using ImplicitNet.Flows;
using ImplicitNet.Flows.Loop;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>A flow that was computed, as its backward pass needs it: plain numbers, and descriptions whose tensors the graph
/// keeps.</summary>
internal sealed record FlowRecord
{
    /// <summary>Describes f; its own tensors are replaced by those that the graph kept.</summary>
    public required VectorField Field { get; init; }

    public required FlowTimes Times { get; init; }

    public required ButcherTableau Tableau { get; init; }

    public required StepController Steps { get; init; }

    public required FlowEvent? Event { get; init; }

    public required FlowReport Report { get; init; }

    /// <summary>The steps, without their states; null where none were kept.</summary>
    public required StepTape? Tape { get; init; }

    /// <summary>How a state lies in memory.</summary>
    public required LatentLayout Layout { get; init; }

    public required int Batch { get; init; }

    /// <summary>Numbers of a row.</summary>
    public required int Size { get; init; }

    /// <summary>Numbers of a row that are the state's; behind them stand penalties.</summary>
    public required int Counted { get; init; }

    /// <summary>Whether lengths of steps have gradients: times do, or there is an event.</summary>
    public required bool NeedsTimes { get; init; }

    /// <summary>Whether the field writes into the state that it is given.</summary>
    public required bool WritesState { get; init; }

    /// <summary>States, the state at the end, and the time of that, in one row of numbers: [times * batch * n + batch * n +
    /// batch].</summary>
    public Tensor Pack(FlowSolution solution) => cat(
    [
        solution.RowsOfStates.flatten(), solution.RowsOfEnds.flatten(),
        tensor(Report.Samples.Select(sample => sample.Time).ToArray(), ScalarType.Float64)
            .to(solution.State.dtype).to(solution.State.device),
    ]);

    /// <summary>The parts of what was packed, in shapes of states: [times, batch, ...], [batch, ...], [batch].</summary>
    public (Tensor States, Tensor End, Tensor Time) Unpack(Tensor packed)
    {
        long all = (long)Times.Count * Batch * Size, one = (long)Batch * Size;
        Tensor states = Layout.Restore(packed.narrow(0, 0, all).reshape(Times.Count * (long)Batch, Size));
        return (
            states.reshape([Times.Count, Batch, .. states.shape[1..]]),
            Layout.Restore(packed.narrow(0, all, one).reshape(Batch, Size)),
            packed.narrow(0, all + one, Batch));
    }
}
