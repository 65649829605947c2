using ScottPlot;

namespace ImplicitNet.Training.Reports;

/// <summary>The colours of charts, on light or on dark paper. A series has the same role, and nearly the same hue, in both.</summary>
/// <remarks>The series colours are told apart also by people with any of the usual colour blindnesses: blue, orange, purple, green.</remarks>
public sealed class ChartTheme
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
}
