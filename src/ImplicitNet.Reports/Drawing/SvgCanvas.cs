using System.Globalization;
using System.Net;
using System.Text;

namespace ImplicitNet.Reports.Drawing;

/// <summary>
/// Writes SVG. The attributes have the colours of the light theme, the classes are for a style sheet with those of the dark one.
/// </summary>
/// <param name="glyphs">
/// Takes the outlines of letters; null for text elements, which a reader can select and search, in the fonts of whoever shows them and
/// squeezed or stretched to the width that was reckoned with.
/// </param>
internal sealed class SvgCanvas(SvgGlyphs? glyphs) : ChartCanvas
{
    private const string Fallback = "system-ui,'Segoe UI',Roboto,'Helvetica Neue','Noto Sans','Liberation Sans',Arial,sans-serif";

    // First the font that widths were measured in: another one is squeezed or stretched to them.
    private static readonly string Families =
        ChartFont.IsAvailable ? $"'{WebUtility.HtmlEncode(ChartFont.Family)}',{Fallback}" : Fallback;

    private readonly StringBuilder _svg = new();
    private readonly SortedSet<int> _roles = [];

    /// <summary>What was drawn.</summary>
    public string Content => _svg.ToString();

    /// <summary>The colours that were used.</summary>
    public IReadOnlyCollection<int> Roles => _roles;

    public override void Line(IReadOnlyList<(double X, double Y)> points, ChartPen pen) =>
        Append($"<polyline points=\"{Points(points)}\"{Stroke(pen)}/>\n");

    public override void Area(IReadOnlyList<(double X, double Y)> corners, ChartColour colour) =>
        Append($"<polygon points=\"{Points(corners)}\"{Fill(colour)}/>\n");

    public override void Disc(double x, double y, double radius, ChartColour colour) =>
        Append($"<circle cx=\"{Number(x)}\" cy=\"{Number(y)}\" r=\"{Number(radius)}\"{Fill(colour)}/>\n");

    public override void Ring(double x, double y, double radius, ChartPen pen) =>
        Append($"<circle cx=\"{Number(x)}\" cy=\"{Number(y)}\" r=\"{Number(radius)}\"{Stroke(pen)}/>\n");

    public override void Text(string text, double x, double y, ChartFont font, ChartColour colour, double hold = 0)
    {
        double width = font.Width(text);
        double left = x - (hold * width);
        string words = WebUtility.HtmlEncode(text);
        if (glyphs?.Use(text, font) is { } outlines)
        {
            Append($"<g aria-label=\"{words}\" transform=\"translate({Number(left)} {Number(y)})\"{Fill(colour)}>{outlines}</g>\n");
            return;
        }

        Append($"<text x=\"{Number(left)}\" y=\"{Number(y)}\" font-family=\"{Families}\" font-size=\"{Number(font.Size)}\""
            + $"{(font.IsBold ? " font-weight=\"600\"" : "")} textLength=\"{Number(width)}\" lengthAdjust=\"spacingAndGlyphs\""
            + $"{Fill(colour)}>{words}</text>\n");
    }

    private static string Points(IEnumerable<(double X, double Y)> points) =>
        string.Join(' ', points.Select(point => $"{Number(point.X)},{Number(point.Y)}"));

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private string Fill(ChartColour colour) =>
        $" fill=\"{Code(colour)}\" class=\"f{colour.Role}\"{(colour.Opacity < 1 ? $" fill-opacity=\"{Number(colour.Opacity)}\"" : "")}";

    private string Stroke(ChartPen pen)
    {
        string dash = pen.Dash.Lengths is { } lengths ? $" stroke-dasharray=\"{string.Join(' ', lengths.Select(Number))}\"" : "";
        string opacity = pen.Colour.Opacity < 1 ? $" stroke-opacity=\"{Number(pen.Colour.Opacity)}\"" : "";
        return $" fill=\"none\" stroke=\"{Code(pen.Colour)}\" class=\"s{pen.Colour.Role}\" stroke-width=\"{Number(pen.Width)}\""
            + $" stroke-linejoin=\"round\"{dash}{opacity}";
    }

    private string Code(ChartColour colour)
    {
        _roles.Add(colour.Role);
        return ChartTheme.Light.Code(colour);
    }

    private void Append(string element) => _svg.Append(element);
}
