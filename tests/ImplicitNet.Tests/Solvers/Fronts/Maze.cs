namespace ImplicitNet.Tests.Solvers.Fronts;

/// <summary>
/// A perfect maze, drawn by depth-first search: one path from every cell to every other. Start and end are opposite corners.
/// </summary>
internal sealed class Maze
{
    private static readonly (int Row, int Column)[] Sides = [(0, 1), (1, 0), (0, -1), (-1, 0)];

    private readonly bool[,] _open;

    /// <summary>Draws a maze.</summary>
    /// <param name="size">Its height and width in cells, walls included: odd.</param>
    /// <param name="seed">Which.</param>
    public Maze(int size, int seed)
    {
        Random random = new(seed);
        _open = new bool[size, size];
        _open[1, 1] = true;
        Stack<(int Row, int Column)> way = new([(1, 1)]);
        while (way.TryPeek(out (int Row, int Column) here))
        {
            (int Row, int Column)[] next = [.. Sides.Where(side => IsWall(here.Row + (2 * side.Row), here.Column + (2 * side.Column)))];
            if (next.Length == 0)
            {
                way.Pop();
                continue;
            }

            (int row, int column) = next[random.Next(next.Length)];
            _open[here.Row + row, here.Column + column] = true;
            _open[here.Row + (2 * row), here.Column + (2 * column)] = true;
            way.Push((here.Row + (2 * row), here.Column + (2 * column)));
        }
    }

    public int Size => _open.GetLength(0);

    /// <summary>1 for an open cell, row by row; then 1 for start and end.</summary>
    public IEnumerable<float> Cells =>
        _open.Cast<bool>().Select(open => open ? 1f : 0).Concat(Enumerable.Range(0, Size * Size).Select(cell => IsEnd(cell) ? 1f : 0));

    /// <summary>1 on the path from start to end, row by row, by breadth-first search.</summary>
    public float[] Path()
    {
        int[] from = new int[Size * Size];
        Array.Fill(from, -1);
        int start = Size + 1;
        from[start] = start;
        Queue<int> waiting = new([start]);
        while (waiting.TryDequeue(out int cell))
        {
            foreach ((int row, int column) in Sides)
            {
                int next = cell + (row * Size) + column;
                if (_open[next / Size, next % Size] && from[next] < 0)
                {
                    from[next] = cell;
                    waiting.Enqueue(next);
                }
            }
        }

        float[] path = new float[Size * Size];
        for (int cell = (Size * (Size - 1)) - 2; path[cell] == 0; cell = from[cell])
        {
            path[cell] = 1;
        }

        return path;
    }

    private bool IsEnd(int cell) => cell == Size + 1 || cell == (Size * (Size - 1)) - 2;

    private bool IsWall(int row, int column) => row > 0 && column > 0 && row < Size && column < Size && !_open[row, column];
}
