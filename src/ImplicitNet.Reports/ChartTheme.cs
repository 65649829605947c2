using ScottPlot;

namespace ImplicitNet.Reports;

/// <summary>The colours of charts, on light or on dark paper. A series has the same role, and nearly the same hue, in both.</summary>
/// <remarks>
/// The series colours are told apart also by people with any of the usual colour blindnesses: blue, orange, purple, green.
/// </remarks>
internal sealed class ChartTheme
{
    private ChartTheme()
    {
    }

    /// <summary>Dark on white, for paper and light screens.</summary>
    public static ChartTheme Light { get; } = new()
    {
        Background = Color.FromHex("#ffffff"),
        Text = Color.FromHex("#1f2937"),
        Faint = Color.FromHex("#6b7280"),
        Grid = Color.FromHex("#e5e7eb"),
        First = Color.FromHex("#0b6bcb"),
        Second = Color.FromHex("#d9660a"),
        Third = Color.FromHex("#7a4fb5"),
        Good = Color.FromHex("#15803d"),
        Bad = Color.FromHex("#c02626"),
        Series = Colors(["#0b6bcb", "#d9660a", "#7a4fb5", "#15803d", "#c02626", "#0e8a8a", "#8a6d00", "#b5418f"]),
    };

    /// <summary>Light on black, for dark screens.</summary>
    public static ChartTheme Dark { get; } = new()
    {
        Background = Color.FromHex("#171b21"),
        Text = Color.FromHex("#e5e7eb"),
        Faint = Color.FromHex("#9ca3af"),
        Grid = Color.FromHex("#2b313a"),
        First = Color.FromHex("#5aa9f5"),
        Second = Color.FromHex("#f79647"),
        Third = Color.FromHex("#b79af0"),
        Good = Color.FromHex("#4ade80"),
        Bad = Color.FromHex("#f87171"),
        Series = Colors(["#5aa9f5", "#f79647", "#b79af0", "#4ade80", "#f87171", "#45cccc", "#d8bd4a", "#ec8fce"]),
    };

    internal Color Background { get; init; }

    internal Color Text { get; init; }

    internal Color Faint { get; init; }

    internal Color Grid { get; init; }

    internal Color First { get; init; }

    internal Color Second { get; init; }

    internal Color Third { get; init; }

    internal Color Good { get; init; }

    internal Color Bad { get; init; }

    /// <summary>For many lines in one chart.</summary>
    internal IReadOnlyList<Color> Series { get; init; } = [];

    private static Color[] Colors(string[] codes) => [.. codes.Select(Color.FromHex)];
}
