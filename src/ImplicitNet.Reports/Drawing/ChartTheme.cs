namespace ImplicitNet.Reports.Drawing;

/// <summary>The colours of charts, on light or on dark paper. A series has the same role, and nearly the same hue, in both.</summary>
/// <remarks>
/// The series colours are told apart also by people with any of the usual colour blindnesses: blue, orange, purple, green.
/// </remarks>
internal sealed class ChartTheme
{
    // In the order of the roles: background, text, faint, grid, the series, and the walls of mazes.
    private readonly string[] _codes;

    private ChartTheme(params string[] codes) => _codes = codes;

    /// <summary>Dark on white, for paper and light screens.</summary>
    public static ChartTheme Light { get; } = new(
        "#ffffff", "#1f2937", "#6b7280", "#e5e7eb",
        "#0b6bcb", "#d9660a", "#7a4fb5", "#15803d", "#0e8a8a", "#8a6d00", "#b5418f", "#c02626", "#273344");

    /// <summary>Light on black, for dark screens.</summary>
    public static ChartTheme Dark { get; } = new(
        "#171b21", "#e5e7eb", "#9ca3af", "#2b313a",
        "#5aa9f5", "#f79647", "#b79af0", "#4ade80", "#45cccc", "#d8bd4a", "#ec8fce", "#f87171", "#465164");

    /// <summary>The rules of a style sheet that give these colours to strokes and fills of an SVG, for some roles.</summary>
    public string Css(IEnumerable<int> roles) =>
        string.Concat(roles.Select(role => $".s{role}{{stroke:{_codes[role]}}}.f{role}{{fill:{_codes[role]}}}"));

    /// <summary>The rules for all roles.</summary>
    public string Css() => Css(Enumerable.Range(0, _codes.Length));

    /// <summary>As #rrggbb.</summary>
    public string Code(ChartColour colour) => _codes[colour.Role];
}
