using ScottPlot;
using SkiaSharp;

namespace ImplicitNet.Reports;

/// <summary>One plot of a chart and its place.</summary>
/// <param name="Plot">The plot.</param>
/// <param name="Place">Where it is drawn, in CSS pixels from the upper left corner of the chart.</param>
internal sealed record ChartPanel(Plot Plot, PixelRect Place) : IDisposable
{
    /// <summary>Draws on a canvas of so many pixels per CSS pixel.</summary>
    public void Draw(SKCanvas canvas, float scale)
    {
        PixelRect place = new(Place.Left * scale, Place.Right * scale, Place.Bottom * scale, Place.Top * scale);
        Plot.ScaleFactor = scale;
        Plot.RenderManager.ClearCanvasBeforeEachRender = false;

        // The first time a plot is drawn twice, to learn the sizes of its labels: in an SVG all would be there twice.
        using (SKNoDrawCanvas nothing = new((int)place.Right, (int)place.Bottom))
        {
            Plot.Render(nothing, place);
        }

        // A plot scales the canvas, and leaves it so.
        using SKAutoCanvasRestore restored = new(canvas);
        Plot.Render(canvas, place);
    }

    public void Dispose() => Plot.Dispose();
}
