namespace ImplicitNet.Training.History;

/// <summary>A change of the gradient by an escalation policy; in force from the step's own batch on.</summary>
/// <param name="Step">The optimiser step, from 1.</param>
/// <param name="From">The previous gradient, as a position in the policy's list.</param>
/// <param name="To">The new gradient, as a position in the list.</param>
/// <param name="Cosine">The cosine of the previous gradient on that batch.</param>
public sealed record GradientChangeRecord(long Step, int From, int To, double Cosine)
{
    internal const string Kind = "gradient";

    /// <summary>As a record of a history.</summary>
    internal HistoryRecord ToHistory() =>
        new(Kind, Step, new Dictionary<string, double> { [nameof(From)] = From, [nameof(To)] = To, [nameof(Cosine)] = Cosine });

    /// <summary>From a record of a history.</summary>
    internal static GradientChangeRecord FromHistory(HistoryRecord record) => new(
        record.Step,
        (int)record.Values.GetValueOrDefault(nameof(From)),
        (int)record.Values.GetValueOrDefault(nameof(To)),
        record.Values.GetValueOrDefault(nameof(Cosine), double.NaN));
}
