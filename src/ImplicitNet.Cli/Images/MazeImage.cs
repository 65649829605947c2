using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Images;

/// <summary>Reads a maze that was drawn: black walls, white ways, a green start and a red goal, each cell a square of one colour.</summary>
/// <remarks>
/// The start says how large a cell is, which may be one pixel. White around the walls is left out, and where the drawing has no border of
/// wall one is added. Of cells of four pixels and more the rim does not count, so that edges are read that JPEG has blurred.
/// </remarks>
internal sealed class MazeImage
{
    /// <summary>What is read, in words.</summary>
    public const string Expected = "black walls, white ways, one green cell as the start and one red cell as the goal";

    private const int MostCells = 255;
    private const int FewestCells = 5;

    private readonly string _path;
    private readonly MazePixels _pixels;

    private MazeImage(string path) => (_path, _pixels) = (path, new MazePixels(ImageFile.ReadColour(path)));

    /// <summary>Reads a file.</summary>
    /// <exception cref="ImageFileException">It cannot be read, or is no such drawing.</exception>
    public static Maze Read(string path)
    {
        MazeImage image = new(path);
        return image.MazeOf(image.Bordered(image.Cells(image.CellSide())));
    }

    /// <summary>The side of a cell: that which divides both sides of the maze and is nearest to what start and goal measure.</summary>
    private int CellSide()
    {
        (string Name, int Height, int Width)[] marks =
            [
            .. from mark in Marks let size = _pixels.FirstOf(mark.Ink) select (mark.Name, size.Height, size.Width),
        ];
        if (Array.FindIndex(marks, mark => mark.Height == 0) is >= 0 and int missing)
        {
            throw Fault($"has no {marks[missing].Name}, one {Marks[missing].Colour} cell; {Expected} were expected.");
        }

        double measured = marks.Average(mark => (mark.Height + mark.Width) / 2.0);
        int cell = Enumerable.Range(1, Math.Min(_pixels.Height, _pixels.Width))
            .Where(side => _pixels.Height % side == 0 && _pixels.Width % side == 0)
            .MinBy(side => Math.Abs(side - measured));
        foreach ((string name, int height, int width) in marks)
        {
            if (Math.Max(Math.Abs(height - cell), Math.Abs(width - cell)) > cell / 4)
            {
                throw Fault(
                    $"the {name} has {width} x {height} pixels, which is no cell of a maze of {_pixels.Width} x {_pixels.Height} pixels; "
                    + "all cells must be squares of the same size, start and goal too.");
            }
        }

        return cell;
    }

    private MazeInk[,] Cells(int cell)
    {
        (int rows, int columns) = (_pixels.Height / cell, _pixels.Width / cell);
        if (rows != columns)
        {
            throw Fault($"the maze has {columns} x {rows} cells; a square one was expected: add walls to the shorter side.");
        }

        if (rows > MostCells)
        {
            throw Fault($"the maze has {columns} x {rows} cells; at most {MostCells} a side are read.");
        }

        MazeInk[,] cells = new MazeInk[rows, columns];
        for (int place = 0; place < cells.Length; place++)
        {
            (int row, int column) = Math.DivRem(place, columns);
            cells[row, column] = Cell(_pixels.Top + (row * cell), _pixels.Left + (column * cell), cell);
        }

        return cells;
    }

    private MazeInk Cell(int top, int left, int cell)
    {
        int rim = cell / 4;
        MazeInk ink = _pixels[top + rim, left + rim];
        for (int place = 0; place < cell * cell; place++)
        {
            (int row, int column) = (top + (place / cell), left + (place % cell));
            if (Math.Min(Math.Min(row - top, column - left), cell - 1 - Math.Max(row - top, column - left)) < rim)
            {
                continue;
            }

            if (_pixels[row, column] == MazeInk.None)
            {
                throw Fault(
                    $"the pixel at row {row}, column {column} is {_pixels.Colour(row, column)}, neither black, white, green nor red; "
                    + $"{Expected} were expected, with sharp edges.");
            }

            if (_pixels[row, column] != ink)
            {
                throw Fault(
                    $"the cell at row {top}, column {left} has more than one colour in its {cell} x {cell} pixels; "
                    + "every cell must have the size of the start.");
            }
        }

        return ink;
    }

    /// <summary>With a border of wall. A margin of white and an open border together would be told apart by nobody.</summary>
    private MazeInk[,] Bordered(MazeInk[,] cells)
    {
        int side = cells.GetLength(0);
        MazeInk[] border =
            [.. Enumerable.Range(0, side).SelectMany(i => new[] { cells[0, i], cells[side - 1, i], cells[i, 0], cells[i, side - 1] })];
        if (border.All(ink => ink == MazeInk.Wall))
        {
            return cells;
        }

        if (_pixels.HasMargin && border.Contains(MazeInk.Open))
        {
            throw Fault("white is around the maze and in its border too; close the border, or cut off what is around it.");
        }

        MazeInk[,] wider = new MazeInk[side + 2, side + 2];
        for (int place = 0; place < wider.Length; place++)
        {
            (int row, int column) = Math.DivRem(place, side + 2);
            bool isInside = row > 0 && column > 0 && row <= side && column <= side;
            wider[row, column] = isInside ? cells[row - 1, column - 1] : MazeInk.Wall;
        }

        return wider;
    }

    private Maze MazeOf(MazeInk[,] cells)
    {
        int side = cells.GetLength(0);
        if (side % 2 == 0 || side < FewestCells)
        {
            throw Fault(
                $"the maze has {side} x {side} cells, its border included; an odd number of at least {FewestCells} a side was expected, "
                + "with ways and walls one cell wide.");
        }

        bool[,] isOpen = new bool[side, side];
        for (int place = 0; place < cells.Length; place++)
        {
            isOpen[place / side, place % side] = cells[place / side, place % side] != MazeInk.Wall;
        }

        (int, int)[] marks = [.. Marks.Select(mark =>
        {
            int[] places = [.. Enumerable.Range(0, cells.Length).Where(place => cells[place / side, place % side] == mark.Ink)];
            return places is [int only]
                ? (only / side, only % side)
                : throw Fault($"has {places.Length} {mark.Colour} cells; one was expected, the {mark.Name}.");
        })];
        return new Maze(isOpen, marks[0], marks[1]);
    }

    private static (MazeInk Ink, string Colour, string Name)[] Marks { get; } =
        [(MazeInk.Start, "green", "start"), (MazeInk.Goal, "red", "goal")];

    private ImageFileException Fault(string problem) => new(_path, problem);
}
