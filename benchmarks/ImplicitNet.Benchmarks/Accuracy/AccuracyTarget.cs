using System.Globalization;

namespace ImplicitNet.Benchmarks.Accuracy;

/// <summary>The validation accuracy that ends a run.</summary>
/// <param name="Percent">Of the validation images that are to be right; above 0, at most 100.</param>
internal readonly record struct AccuracyTarget(double Percent)
{
    /// <summary>Whether an accuracy is at least this one.</summary>
    /// <param name="accuracy">Share of the images, 0 to 1.</param>
    public bool IsReachedBy(double accuracy) => 100 * (decimal)accuracy >= (decimal)Percent; // in binary, 100 times 0.9934 is below 99.34

    /// <summary>Such as "99.3 %".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Percent} %");
}
