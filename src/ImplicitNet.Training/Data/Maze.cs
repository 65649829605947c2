namespace ImplicitNet.Training.Data;

/// <summary>
/// A square maze of open pixels and walls, with a start and a goal. Rows and columns count from 0 at the top left; ways lead to the four
/// neighbours; all outside is wall. It does not change.
/// </summary>
public sealed class Maze
{
    private static readonly (int Row, int Column)[] Sides = [(0, 1), (1, 0), (0, -1), (-1, 0)];

    private readonly bool[,] _isOpen;

    /// <summary>Makes a maze of a drawing: any open pixels, with or without loops and a border of wall.</summary>
    /// <param name="isOpen">True where a pixel is open: [row, column], as many rows as columns; copied.</param>
    /// <param name="start">An open pixel.</param>
    /// <param name="goal">Another open pixel.</param>
    /// <exception cref="ArgumentException">
    /// The grid is not square, or start and goal are not two open pixels of it.
    /// </exception>
    public Maze(bool[,] isOpen, (int Row, int Column) start, (int Row, int Column) goal)
    {
        ArgumentNullException.ThrowIfNull(isOpen);
        if (isOpen.GetLength(0) != isOpen.GetLength(1))
        {
            throw new ArgumentException(
                $"A maze is square. Given: {isOpen.GetLength(0)} rows of {isOpen.GetLength(1)}; add walls to the shorter side.",
                nameof(isOpen));
        }

        (_isOpen, Start, Goal) = ((bool[,])isOpen.Clone(), start, goal);
        EnsureOpen(start, nameof(start));
        EnsureOpen(goal, nameof(goal));
        if (start == goal)
        {
            throw new ArgumentException(
                $"Start and goal are two pixels. Given: both at row {start.Row}, column {start.Column}.", nameof(goal));
        }

        Path = ShortestPath();
        LongestDeadEnd = FillingRounds();
    }

    /// <summary>Pixels a side.</summary>
    public int Side => _isOpen.GetLength(0);

    /// <summary>Where the path begins.</summary>
    public (int Row, int Column) Start { get; }

    /// <summary>Where the path ends.</summary>
    public (int Row, int Column) Goal { get; }

    /// <summary>
    /// A shortest way from start to goal, both included: the only one where there are no loops. Empty where there is none.
    /// </summary>
    public IReadOnlyList<(int Row, int Column)> Path { get; }

    /// <summary>
    /// Rounds of dead-end filling until nothing changes: in each, all open pixels close that have at most one open neighbour and are
    /// neither start nor goal. Of a maze without loops it leaves the path. How hard the maze is for what looks at neighbours only.
    /// </summary>
    public int LongestDeadEnd { get; }

    /// <summary>
    /// Draws a perfect maze, one with one way from each of its cells to every other, by depth-first search. A cell is a pixel of odd row
    /// and column; between two of them is a wall or an opening of one pixel, and around them a border of wall.
    /// </summary>
    /// <param name="side">Pixels a side, for (side - 1) / 2 cells; odd and at least 5.</param>
    /// <param name="random">What it is drawn by. Start and goal are two of the cells.</param>
    /// <exception cref="ArgumentOutOfRangeException">The side is even or too small.</exception>
    public static Maze Draw(int side, RandomNumbers random)
    {
        EnsureSide(side);
        ArgumentNullException.ThrowIfNull(random);
        bool[,] isOpen = new bool[side, side];
        (int Row, int Column) first = Cell(random.Next(side / 2 * (side / 2)), side);
        isOpen[first.Row, first.Column] = true;
        Stack<(int Row, int Column)> way = new([first]);
        Span<(int Row, int Column)> ways = stackalloc (int Row, int Column)[Sides.Length];
        while (way.TryPeek(out (int Row, int Column) here))
        {
            int count = 0;
            foreach ((int row, int column) in Sides)
            {
                (int Row, int Column) there = (here.Row + (2 * row), here.Column + (2 * column));
                if (there.Row > 0 && there.Column > 0 && there.Row < side && there.Column < side && !isOpen[there.Row, there.Column])
                {
                    ways[count++] = there;
                }
            }

            if (count == 0)
            {
                way.Pop();
                continue;
            }

            (int Row, int Column) next = ways[random.Next(count)];
            isOpen[next.Row, next.Column] = true;
            isOpen[(here.Row + next.Row) / 2, (here.Column + next.Column) / 2] = true;
            way.Push(next);
        }

        int cells = side / 2 * (side / 2);
        int start = random.Next(cells);
        return new Maze(isOpen, Cell(start, side), Cell((start + 1 + random.Next(cells - 1)) % cells, side));
    }

    /// <summary>Whether a pixel is open; outside none is.</summary>
    /// <param name="row">Any row, from 0 at the top.</param>
    /// <param name="column">Any column, from 0 at the left.</param>
    public bool IsOpen(int row, int column) => (uint)row < (uint)Side && (uint)column < (uint)Side && _isOpen[row, column];

    internal static void EnsureSide(int side)
    {
        if (side < 5 || side % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(side), side, "A maze has an odd number of pixels a side, at least 5.");
        }
    }

    private static (int Row, int Column) Cell(int number, int side) =>
        (1 + (2 * (number / (side / 2))), 1 + (2 * (number % (side / 2))));

    private void EnsureOpen((int Row, int Column) place, string name)
    {
        if (!IsOpen(place.Row, place.Column))
        {
            throw new ArgumentException(
                $"The {name} must be an open pixel of the {Side} x {Side}. Given: row {place.Row}, column {place.Column}.", name);
        }
    }

    private IEnumerable<(int Row, int Column)> Neighbours((int Row, int Column) place) =>
        Sides.Select(side => (place.Row + side.Row, place.Column + side.Column)).Where(next => IsOpen(next.Item1, next.Item2));

    private List<(int Row, int Column)> ShortestPath()
    {
        // From the goal, so that the places come in order from the start.
        Dictionary<(int Row, int Column), (int Row, int Column)> onward = new() { [Goal] = Goal };
        Queue<(int Row, int Column)> waiting = new([Goal]);
        while (!onward.ContainsKey(Start) && waiting.TryDequeue(out (int Row, int Column) here))
        {
            foreach ((int Row, int Column) next in Neighbours(here).Where(next => onward.TryAdd(next, here)))
            {
                waiting.Enqueue(next);
            }
        }

        List<(int Row, int Column)> path = [];
        for ((int Row, int Column) here = Start; onward.TryGetValue(here, out (int Row, int Column) next); here = next)
        {
            path.Add(here);
            if (here == Goal)
            {
                break;
            }
        }

        return path;
    }

    private int FillingRounds()
    {
        int[,] ways = new int[Side, Side];
        List<(int Row, int Column)> closing = [];
        for (int pixel = 0; pixel < Side * Side; pixel++)
        {
            (int Row, int Column) place = (pixel / Side, pixel % Side);
            ways[place.Row, place.Column] = Neighbours(place).Count();
            if (_isOpen[place.Row, place.Column] && IsDeadEnd(place))
            {
                closing.Add(place);
            }
        }

        int rounds = 0;
        for (; closing.Count > 0; rounds++)
        {
            // A closed pixel has no ways left: two that close each other in one round are not met again.
            foreach ((int row, int column) in closing)
            {
                ways[row, column] = 0;
            }

            List<(int Row, int Column)> next = [];
            foreach ((int Row, int Column) neighbour in closing.SelectMany(Neighbours).Where(place => ways[place.Row, place.Column] > 0))
            {
                if (--ways[neighbour.Row, neighbour.Column] == 1 && IsDeadEnd(neighbour))
                {
                    next.Add(neighbour);
                }
            }

            closing = next;
        }

        return rounds;

        bool IsDeadEnd((int Row, int Column) place) => place != Start && place != Goal && ways[place.Row, place.Column] <= 1;
    }
}
