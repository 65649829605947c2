using System.Globalization;

namespace ImplicitNet.Certification;

/// <summary>A condition number, and how well it is known.</summary>
/// <param name="Value">
/// The largest eigenvalue over the smallest, dimensionless, at least 1; infinity when rank-deficient; NaN when a product was not finite.
/// </param>
/// <param name="Status">How well it is known.</param>
/// <param name="Steps">Lanczos steps made; 0 where none was needed.</param>
public readonly record struct ConditionNumber(double Value, ConditionStatus Status, int Steps)
{
    /// <summary>The value as text, such as "12.3", "at least 4.1e+03" or "infinite".</summary>
    public override string ToString() => Status switch
    {
        ConditionStatus.RankDeficient => "infinite",
        ConditionStatus.LowerBound => string.Create(CultureInfo.InvariantCulture, $"at least {Value:g3}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Value:g3}"),
    };
}
