using System.Globalization;

namespace ImplicitNet.Operators;

/// <summary>The contraction factor of an operator, three ways. All dimensionless, in the L2 norm.</summary>
/// <param name="Declared">What the construction aims at; null when the operator declares none.</param>
/// <param name="Certified">A rigorous upper bound over all u and q; null when the operator certifies none.</param>
/// <param name="Measured">The largest norm of dR/du over the samples looked at, at their fixed points: a lower bound of the factor.</param>
/// <param name="MeasuredMean">The mean of that norm over the samples.</param>
public readonly record struct ContractionReport(double? Declared, double? Certified, double Measured, double MeasuredMean)
{
    /// <summary>One line with all of them.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"Contraction factor: declared {Text(Declared)}, certified {Text(Certified)}, measured {Measured:0.0000} ({MeasuredMean:0.0000} on average).");

    private static string Text(double? factor) => factor is { } value ? value.ToString("0.0000", CultureInfo.InvariantCulture) : "none";
}
