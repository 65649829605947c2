using ImplicitNet.Networks;
using ImplicitNet.Operators;
using static TorchSharp.torch;

namespace ImplicitNet.Cli;

/// <summary>What is known of a monotone operator; nothing of any other.</summary>
/// <param name="Declared">m, by construction.</param>
/// <param name="Certified">A lower bound of m for the weights as they are, in float64.</param>
/// <param name="LipschitzBound">An upper bound L of the norm of I - W.</param>
internal readonly record struct Monotonicity(double? Declared, double? Certified, double? LipschitzBound)
{
    /// <summary>Of a network.</summary>
    public static Monotonicity Of(nn.Module network) => network is ImplicitNetwork { Layer.Operator: IMonotone monotone }
        ? new(monotone.Monotonicity, FiniteNumber.OrNull(monotone.CertifyMonotonicity()), FiniteNumber.OrNull(monotone.BoundLipschitz()))
        : default;

    /// <summary>For a page: what follows for the splittings.</summary>
    public string? Words => this is { Declared: { } m, LipschitzBound: { } bound }
        ? $"I - W is at least m = {Display.Number(m, "0.####")} by construction, {Display.Factor(Certified)} certified for these weights, "
            + $"and its norm at most L = {Display.Number(bound, "0.00")}: there is one fixed point for every q. The theory's worst case "
            + $"is a factor of {Display.Number(Math.Sqrt((bound - m) / (bound + m)))} a step for Peaceman-Rachford splitting and of "
            + $"{Display.Number(Math.Sqrt(1 - (m / bound * (m / bound))))} for forward-backward splitting."
        : null;
}
