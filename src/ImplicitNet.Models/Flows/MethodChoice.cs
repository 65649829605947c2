using ImplicitNet.Flows;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// The methods that follow flows, by the names that configurations and the command line know: those that tell the error of a step, which
/// tolerances need. A new one is one more entry.
/// </summary>
internal static class MethodChoice
{
    public const string Default = "tsit5";

    private static readonly Dictionary<string, ButcherTableau> Methods = new()
    {
        [Default] = ButcherTableau.Tsit5,
        ["dopri5"] = ButcherTableau.Dopri5,
        ["bosh3"] = ButcherTableau.Bosh3,
        ["heun"] = ButcherTableau.Heun,
        ["midpoint"] = ButcherTableau.Midpoint,
    };

    public static IReadOnlyList<string> Names { get; } = [.. Methods.Keys];

    /// <exception cref="ArgumentException">There is no such method.</exception>
    public static ExplicitRungeKutta Create(string name) => Methods.TryGetValue(name, out ButcherTableau? tableau)
        ? new ExplicitRungeKutta(tableau)
        : throw new ArgumentException($"method must be one of {string.Join(", ", Names)}; given {name}.");
}
