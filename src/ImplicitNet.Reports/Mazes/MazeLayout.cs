using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports.Mazes;

/// <summary>The moments of a maze at one width: as many side by side as are not too small, in rows that are nearly alike.</summary>
internal sealed class MazeLayout : FigureLayout
{
    private const double Margin = 12;
    private const double Gap = 16;
    private const double TitleHeight = 22;
    private const double LegendHeight = 24;
    private const double LegendGap = 16;
    private const double SignWidth = 14;
    private const double SignGap = 6;
    private const double CaptionHeight = 17;
    private const double CaptionGap = 6;

    // Less wide, the cells of a maze and its caption are too small to be read.
    private const double LeastWidth = 142;
    private const double MostSide = 420;

    private static readonly ChartFont Title = new(16, IsBold: true);
    private static readonly ChartFont Label = new(13);

    private readonly MazeFigure _figure;
    private readonly IReadOnlyList<string> _title;
    private readonly List<(Action<ChartCanvas, double, double> Draw, string Name, double Left, double Middle)> _legend = [];
    private readonly List<(MazeFrame Frame, IReadOnlyList<string> Caption, double Left, double Top)> _frames = [];
    private readonly double _cell;

    /// <summary>Places everything.</summary>
    public MazeLayout(MazeFigure figure, double width)
    {
        _figure = figure;
        _title = Title.Wrap(figure.Title, width - (2 * Margin));
        double top = PlaceLegend(width, Margin + (TitleHeight * _title.Count)) + 6;
        int most = Math.Max((int)((width - (2 * Margin) + Gap) / (LeastWidth + Gap)), 1);
        int rows = (figure.Frames.Count + most - 1) / most;
        int columns = (figure.Frames.Count + rows - 1) / rows;
        double room = Math.Min((width - (2 * Margin) - (Gap * (columns - 1))) / columns, MostSide);

        // Whole pixels of a PNG, so that edges are sharp.
        _cell = Math.Max(Math.Floor(Figure.Scale * room / figure.Maze.Side), 1) / Figure.Scale;
        double side = _cell * figure.Maze.Side;
        foreach (MazeFrame[] row in figure.Frames.Chunk(columns))
        {
            IReadOnlyList<string>[] captions = [.. row.Select(frame => Label.Wrap(frame.Caption, room))];
            foreach ((int i, MazeFrame frame) in row.Index())
            {
                _frames.Add((frame, captions[i], Margin + Math.Floor((room + Gap) * i), Math.Ceiling(top)));
            }

            top = Math.Ceiling(top) + side + CaptionGap + (CaptionHeight * captions.Max(caption => caption.Count)) + CaptionGap;
        }

        Height = (int)Math.Ceiling(top + Margin - CaptionGap);
    }

    /// <inheritdoc/>
    public override int Height { get; }

    /// <inheritdoc/>
    public override void Draw(ChartCanvas canvas)
    {
        foreach ((int line, string text) in _title.Index())
        {
            canvas.Text(text, Margin, Margin + (TitleHeight * line) + Title.Size, Title, ChartColour.Text);
        }

        foreach ((Action<ChartCanvas, double, double> draw, string name, double left, double middle) in _legend)
        {
            draw(canvas, left + (SignWidth / 2), middle);
            canvas.Text(name, left + SignWidth + SignGap, middle + 4.5, Label, ChartColour.Text);
        }

        MazeDrawing plain = new(_figure.Maze, marksMistakes: false);
        MazeDrawing marked = new(_figure.Maze, _figure.MarksMistakes);
        double side = _cell * _figure.Maze.Side;
        foreach ((int i, (MazeFrame frame, IReadOnlyList<string> caption, double left, double top)) in _frames.Index())
        {
            (i == _frames.Count - 1 ? marked : plain).Draw(canvas, left, top, _cell, frame.Shares);
            foreach ((int line, string text) in caption.Index())
            {
                double y = top + side + CaptionGap + (CaptionHeight * line) + Label.Size;
                canvas.Text(text, left, y, Label, ChartColour.Text);
            }
        }
    }

    private double PlaceLegend(double width, double top)
    {
        (Action<ChartCanvas, double, double> Draw, string Name)[] entries =
        [
            ((canvas, x, y) => MazeDrawing.DrawStart(canvas, x, y, SignWidth), "start"),
            ((canvas, x, y) => MazeDrawing.DrawGoal(canvas, x, y, SignWidth), "goal"),
            (Square(ChartColour.First), "path; faint where the network is not sure"),
            .. _figure.MarksMistakes ? [(Square(ChartColour.Second), "wrong: full is too much, hollow is missing")]
                : Array.Empty<(Action<ChartCanvas, double, double>, string)>(),
        ];
        (double left, double middle) = (Margin, top + (LegendHeight / 2));
        foreach ((Action<ChartCanvas, double, double> draw, string name) in entries)
        {
            double own = SignWidth + SignGap + Label.Width(name);
            if (left > Margin && left + own > width - Margin)
            {
                (left, middle) = (Margin, middle + LegendHeight);
            }

            _legend.Add((draw, name, left, middle));
            left += own + LegendGap;
        }

        return middle + (LegendHeight / 2);
    }

    private static Action<ChartCanvas, double, double> Square(ChartColour colour) => (canvas, x, y) =>
        canvas.Rectangle(x - (SignWidth / 2), y - (SignWidth / 2), x + (SignWidth / 2), y + (SignWidth / 2), colour);
}
