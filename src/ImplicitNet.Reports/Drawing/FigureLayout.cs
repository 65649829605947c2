namespace ImplicitNet.Reports.Drawing;

/// <summary>A figure at one width, with a place for everything.</summary>
internal abstract class FigureLayout
{
    /// <summary>In CSS pixels.</summary>
    public abstract int Height { get; }

    /// <summary>Draws it.</summary>
    public abstract void Draw(ChartCanvas canvas);
}
