using ImplicitNet.Certification;

namespace ImplicitNet.Cli;

/// <summary>The descent condition of one sample in the result of an audit.</summary>
internal sealed record AuditedCondition
{
    public int Sample { get; init; }

    /// <summary>Null where it is infinite: <see cref="Status"/> says so.</summary>
    public double? Kappa { get; init => field = FiniteNumber.OrNull(value); }

    public string Status { get; init; } = "";

    public double? Limit { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>Null where it is not decided.</summary>
    public bool? Holds { get; init; }

    public static AuditedCondition Of(int sample, DescentCondition condition) => new()
    {
        Sample = sample,
        Kappa = condition.Condition.Value,
        Status = condition.Condition.Status.ToString(),
        Limit = condition.Limit,
        Holds = condition.Holds,
    };
}
