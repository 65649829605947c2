namespace ImplicitNet.Reports.Drawing;

/// <summary>Panels with axes.</summary>
/// <param name="title">The title, which is also drawn.</param>
/// <param name="description">What is seen, for those who cannot see it, with the main numbers.</param>
/// <param name="panels">At least one, in the order of rows.</param>
internal sealed class Chart(string title, string description, params IReadOnlyList<ChartPanel> panels) : Figure(title, description)
{
    /// <summary>The panels.</summary>
    public IReadOnlyList<ChartPanel> Panels => panels;

    /// <summary>Panels side by side at most; 2 by default.</summary>
    public int Columns { get; init; } = 2;

    /// <inheritdoc/>
    public override bool IsBroad => panels.Count > 1;

    /// <inheritdoc/>
    protected override FigureLayout Place(double width) => new ChartLayout(this, width);
}
