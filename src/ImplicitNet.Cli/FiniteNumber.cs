namespace ImplicitNet.Cli;

/// <summary>Numbers for JSON, which has none that are not finite.</summary>
internal static class FiniteNumber
{
    public static double? OrNull(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
