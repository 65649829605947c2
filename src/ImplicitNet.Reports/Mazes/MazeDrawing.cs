using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Reports.Mazes;

/// <summary>Draws a maze and what is said of it: walls, start, goal, the path as dark as it is sure, and what is wrong.</summary>
/// <param name="maze">The maze.</param>
/// <param name="marksMistakes">Whether answers that are not the maze's path are marked; the path must be the only one then.</param>
internal sealed class MazeDrawing(Maze maze, bool marksMistakes)
{
    // As many shades of the path as an eye tells apart, so that a picture has few colours.
    private const int Shades = 16;
    private const double Answer = 0.5;

    // In CSS pixels: in a large maze start and goal are drawn larger than a cell, to be found.
    private const double LeastMark = 11;

    // Shares of a cell.
    private const double DiscRadius = 0.36;
    private const double HaloRadius = 0.48;
    private const double DotRadius = 0.17;
    private const double RingRadius = 0.3;
    private const double RingWidth = 0.12;
    private const double HoleRim = 0.22;

    private readonly HashSet<(int Row, int Column)> _path = [.. maze.Path];

    /// <summary>The mark of the start, around a place.</summary>
    public static void DrawStart(ChartCanvas canvas, double x, double y, double cell)
    {
        canvas.Disc(x, y, HaloRadius * cell, ChartColour.Background);
        canvas.Disc(x, y, DiscRadius * cell, ChartColour.Good);
    }

    /// <summary>The mark of the goal, around a place: of another shape, for people who see no colours.</summary>
    public static void DrawGoal(ChartCanvas canvas, double x, double y, double cell)
    {
        canvas.Disc(x, y, HaloRadius * cell, ChartColour.Background);
        canvas.Ring(x, y, RingRadius * cell, new ChartPen(ChartColour.Bad, RingWidth * cell));
        canvas.Disc(x, y, DotRadius * cell, ChartColour.Bad);
    }

    /// <summary>Draws it.</summary>
    /// <param name="canvas">Where to.</param>
    /// <param name="left">Its left end.</param>
    /// <param name="top">Its upper end.</param>
    /// <param name="cell">The side of a pixel of the maze.</param>
    /// <param name="shares">See <see cref="MazeFrame"/>.</param>
    public void Draw(ChartCanvas canvas, double left, double top, double cell, IReadOnlyList<double> shares)
    {
        canvas.Rectangle(left, top, left + (cell * maze.Side), top + (cell * maze.Side), ChartColour.Wall);
        Fill(maze.IsOpen, ChartColour.Background);
        for (int shade = 1; shade < Shades; shade++)
        {
            foreach ((int row, int column) in Pixels().Where(place => Shade(place) == shade && !IsMistaken(place)))
            {
                Cell(row, column, PathColour((double)shade / Shades));
            }
        }

        Fill((row, column) => Shade((row, column)) == Shades && !IsMistaken((row, column)), ChartColour.First);
        foreach ((int row, int column) in Pixels().Where(IsMistaken))
        {
            Cell(row, column, ChartColour.Second);
            if (_path.Contains((row, column)))
            {
                // What is missing is a frame, what is too much is full.
                double rim = HoleRim * cell, x = left + (cell * column), y = top + (cell * row);
                canvas.Rectangle(x + rim, y + rim, x + cell - rim, y + cell - rim, ChartColour.Background);
            }
        }

        double mark = Math.Max(cell, LeastMark);
        DrawStart(canvas, left + (cell * (maze.Start.Column + 0.5)), top + (cell * (maze.Start.Row + 0.5)), mark);
        DrawGoal(canvas, left + (cell * (maze.Goal.Column + 0.5)), top + (cell * (maze.Goal.Row + 0.5)), mark);

        int Shade((int Row, int Column) place) => (int)Math.Round(Shades * Share(place));

        double Share((int Row, int Column) place) =>
            shares.Count == 0 || !maze.IsOpen(place.Row, place.Column) || double.IsNaN(shares[(place.Row * maze.Side) + place.Column])
                ? 0
                : Math.Clamp(shares[(place.Row * maze.Side) + place.Column], 0, 1);

        bool IsMistaken((int Row, int Column) place) =>
            marksMistakes && shares.Count > 0 && maze.IsOpen(place.Row, place.Column) && Share(place) > Answer != _path.Contains(place);

        void Cell(int row, int column, ChartColour colour) => Rectangle(row, column, 1, 1, colour);

        void Rectangle(int row, int column, int rows, int columns, ChartColour colour) => canvas.Rectangle(
            left + (cell * column), top + (cell * row), left + (cell * (column + columns)), top + (cell * (row + rows)), colour);

        // Runs along and across, which overlap where they meet: single cells side by side would show a seam where a picture is scaled.
        void Fill(Func<int, int, bool> isIn, ChartColour colour)
        {
            foreach ((int row, int column) in Pixels().Where(place => isIn(place.Row, place.Column)))
            {
                int columns = isIn(row, column - 1) ? 0 : Length(step => isIn(row, column + step));
                int rows = isIn(row - 1, column) ? 0 : Length(step => isIn(row + step, column));
                if (columns > 1 || (columns == 1 && rows == 1))
                {
                    Rectangle(row, column, 1, columns, colour);
                }

                if (rows > 1)
                {
                    Rectangle(row, column, rows, 1, colour);
                }
            }
        }
    }

    /// <summary>The path's colour where it has a probability.</summary>
    public static ChartColour PathColour(double share) => ChartColour.First with { Opacity = share };

    private static int Length(Func<int, bool> goesOn)
    {
        int length = 1;
        while (goesOn(length))
        {
            length++;
        }

        return length;
    }

    private IEnumerable<(int Row, int Column)> Pixels() =>
        Enumerable.Range(0, maze.Side * maze.Side).Select(place => (place / maze.Side, place % maze.Side));
}
