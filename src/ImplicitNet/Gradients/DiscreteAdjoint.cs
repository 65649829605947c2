using ImplicitNet.Gradients.Flows;

namespace ImplicitNet.Gradients;

/// <summary>
/// The exact gradient of the steps that were taken (discretise, then optimise): what automatic differentiation through all of them would
/// give, in the memory of one step and of as many states as a budget holds. The default.
/// </summary>
/// <remarks>
/// The steps are taken back one by one, each from a graph of its stages alone (Hager 2000; Sanz-Serna 2016). Where the budget does not hold
/// the state of every step, every second, every fourth, ... is kept, and the steps between are taken once more, with their states kept for
/// that long beside the budget (Griewank 1992; Gholami, Keutzer and Biros 2019). Costs about as much as a backward pass through the
/// evaluations, and one more evaluation of each where states were left out. Second derivatives are those of the steps, in the memory of all
/// of them.
/// </remarks>
public sealed record DiscreteAdjoint : FlowGradient
{
    /// <summary>
    /// Bytes of states that are kept for a backward pass; those of the start are in any case; default 256 MiB. The steps between two kept
    /// states are taken again at once: with a budget of 0 that is all of them.
    /// </summary>
    public long MemoryBudget
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(MemoryBudget), value, "A budget is at least 0.");
    } = 256L << 20;

    /// <inheritdoc/>
    protected internal override string Label => "discrete adjoint";

    /// <inheritdoc/>
    internal override long? TapeBytes => MemoryBudget;

    /// <inheritdoc/>
    internal override FlowPass Pass(FlowRecord record, GradientReport report) => new DiscretePass(record, report, int.MaxValue);
}
