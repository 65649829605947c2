using System.Globalization;
using ImplicitNet.Gradients.Flows;

namespace ImplicitNet.Gradients;

/// <summary>
/// The gradient of the last steps alone, the state before them held constant; nothing goes back to the start. With one Euler step of length
/// 1 on a <see cref="ImplicitNet.Flows.RelaxationField"/> it is JFB's.
/// </summary>
public sealed record TruncatedAdjoint : FlowGradient
{
    /// <summary>Steps of every sample that are differentiated; at least 1; default 1.</summary>
    public int Steps
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Steps), value, "At least 1 step is needed.");
    } = 1;

    /// <summary>As <see cref="DiscreteAdjoint.MemoryBudget"/>.</summary>
    public long MemoryBudget
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(MemoryBudget), value, "A budget is at least 0.");
    } = 256L << 20;

    /// <inheritdoc/>
    protected internal override string Label => string.Create(CultureInfo.InvariantCulture, $"truncated({Steps})");

    /// <inheritdoc/>
    internal override long? TapeBytes => MemoryBudget;

    /// <inheritdoc/>
    internal override FlowPass Pass(FlowRecord record, GradientReport report) => new DiscretePass(record, report, Steps);
}
