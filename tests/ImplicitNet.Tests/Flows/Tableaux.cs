using ImplicitNet.Flows;

namespace ImplicitNet.Tests.Flows;

/// <summary>The methods that there are.</summary>
internal static class Tableaux
{
    public static readonly IReadOnlyList<ButcherTableau> All =
    [
        ButcherTableau.Euler, ButcherTableau.Midpoint, ButcherTableau.Heun, ButcherTableau.RK4, ButcherTableau.Bosh3,
        ButcherTableau.Dopri5, ButcherTableau.Tsit5,
    ];

    public static TheoryData<string> Names => [.. All.Select(tableau => tableau.Name)];

    public static TheoryData<string> WithError => [.. All.Where(tableau => tableau.HasError).Select(tableau => tableau.Name)];

    public static ButcherTableau Of(string name) => All.Single(tableau => tableau.Name == name);

    /// <summary>R(z), the step of u' = z u of length 1, as it is published: lowest power first.</summary>
    public static double[] Stability(string name) => name switch
    {
        "Euler" => [1, 1],
        "Midpoint" or "Heun" => [1, 1, 0.5],
        "Bosh3" => [1, 1, 0.5, 1.0 / 6],
        "RK4" => [1, 1, 0.5, 1.0 / 6, 1.0 / 24],
        "Dopri5" => [1, 1, 0.5, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 600],

        // b_6 a_65 a_54 a_43 a_32 a_21 of the published numbers.
        _ => [1, 1, 0.5, 1.0 / 6, 1.0 / 24, 1.0 / 120, 0.0014322113248073478],
    };
}
