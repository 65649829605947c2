namespace ImplicitNet.Reports.Drawing;

/// <summary>How a line is broken, so that lines differ also in print and for people who see no colours.</summary>
/// <param name="Lengths">Dash, gap, dash, gap, in CSS pixels; null for a line that is whole.</param>
internal readonly record struct ChartDash(IReadOnlyList<double>? Lengths)
{
    /// <summary>Not broken.</summary>
    public static ChartDash Solid => default;

    /// <summary>Dashes.</summary>
    public static ChartDash Dashed => new([7, 4]);

    /// <summary>Dots.</summary>
    public static ChartDash Dotted => new([2, 3]);

    /// <summary>One of many series; they begin anew after five, and with eight colours no two of forty series are alike.</summary>
    public static ChartDash Series(int index) => (index % 5) switch
    {
        0 => Solid,
        1 => Dashed,
        2 => Dotted,
        3 => new([10, 3, 2, 3]),
        _ => new([16, 4]),
    };
}
