using System.Globalization;
using ImplicitNet.Solvers;

namespace ImplicitNet.Operators;

/// <summary>The contraction factor of an operator, found in three ways. All are dimensionless, in <see cref="Norm"/>.</summary>
/// <param name="Declared">What the construction aims at; null when the operator declares none.</param>
/// <param name="Certified">
/// An upper bound over all u and q; null when the operator gives none. Rigorous unless <see cref="IsStated"/>.
/// </param>
/// <param name="Measured">
/// The largest norm of dR/du over the samples that were examined, at their fixed points: a lower bound of the factor. NaN without a sample.
/// </param>
/// <param name="MeasuredMean">The mean of that norm over the samples; NaN without one.</param>
public readonly record struct ContractionReport(double? Declared, double? Certified, double Measured, double MeasuredMean)
{
    // A measured norm carries the rounding of its products: 1e-6 in float32, 1 % in bfloat16.
    private const double Rounding = 1e-4;

    /// <summary>The norm of latents that all three are in; default L2.</summary>
    public ResidualNorm Norm
    {
        get => field ?? ResidualNorm.L2;
        init => field = value ?? throw new ArgumentNullException(nameof(Norm));
    }

    /// <summary>True if <see cref="Certified"/> is what an operator from outside this library states: nothing has checked it.</summary>
    public bool IsStated { get; init; }

    /// <summary>True if the measured norm is above the certified one, so that the bound is wrong.</summary>
    public bool IsContradicted => Certified is { } bound && Measured > bound * (1 + Rounding);

    /// <summary>One line with all of them.</summary>
    public override string ToString()
    {
        string measured = double.IsNaN(Measured)
            ? "measured at no sample"
            : string.Create(CultureInfo.InvariantCulture, $"measured {Measured:0.0000} ({MeasuredMean:0.0000} on average)");
        string bound = IsStated ? $"stated by the operator {Text(Certified)} (not checked)" : $"certified {Text(Certified)}";
        string error = !IsContradicted ? ""
            : IsStated ? " Error: the measured factor is above the one that the operator states, which is wrong."
            : " Error: the measured factor is above the certified one.";
        string norm = Norm.Equals(ResidualNorm.L2) ? "" : $" in the {Norm} norm";
        return $"Contraction factor{norm}: declared {Text(Declared)}, {bound}, {measured}.{error}";
    }

    /// <summary>The report for an operator, by what was measured.</summary>
    /// <param name="latentOperator">R; null for a map without one.</param>
    /// <param name="norms">One a sample, in its norm; a sample that failed has none, but NaN.</param>
    internal static ContractionReport Of(LatentOperator? latentOperator, IEnumerable<double> norms)
    {
        double[] measured = [.. norms.Where(norm => !double.IsNaN(norm))];
        IContraction? contraction = latentOperator as IContraction;
        return new ContractionReport(
            contraction?.DeclaredFactor,
            contraction?.CertifyFactor(),
            measured.Length == 0 ? double.NaN : measured.Aggregate(Math.Max),
            measured.Length == 0 ? double.NaN : measured.Average())
        {
            Norm = contraction?.Norm ?? ResidualNorm.L2,
            IsStated = contraction is not null && contraction.GetType().Assembly != typeof(IContraction).Assembly,
        };
    }

    private static string Text(double? factor) => factor is { } value ? value.ToString("0.0000", CultureInfo.InvariantCulture) : "none";
}
