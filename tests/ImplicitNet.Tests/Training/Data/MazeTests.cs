using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class MazeTests
{
    public static TheoryData<int, int> Sizes => [(5, 100), (9, 40), (17, 20), (59, 2)];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_drawn_maze_is_a_tree_that_reaches_every_cell(int side, int count)
    {
        for (int index = 0; index < count; index++)
        {
            Maze maze = Drawn(side, index);
            int cells = side / 2 * (side / 2), open = 0;
            for (int pixel = 0; pixel < side * side; pixel++)
            {
                (int row, int column) = (pixel / side, pixel % side);
                open += maze.IsOpen(row, column) ? 1 : 0;
                bool isEdge = row == 0 || column == 0 || row == side - 1 || column == side - 1;
                Assert.True(row % 2 == 0 || column % 2 == 0 || maze.IsOpen(row, column));
                Assert.False((isEdge || (row % 2 == 0 && column % 2 == 0)) && maze.IsOpen(row, column));
            }

            // A connected graph of n vertices and n - 1 edges has no circle.
            Assert.Equal(cells + cells - 1, open);
            Assert.Equal(open, Reached(maze, maze.Start).Count);
            Assert.NotEqual(maze.Start, maze.Goal);
            Assert.True(IsCell(maze.Start) && IsCell(maze.Goal));
        }

        static bool IsCell((int Row, int Column) place) => place.Row % 2 == 1 && place.Column % 2 == 1;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_path_is_what_is_left_when_dead_ends_are_filled_and_what_a_search_finds(int side, int count)
    {
        for (int index = 0; index < count; index++)
        {
            Maze maze = Drawn(side, index);
            Dictionary<(int, int), int> steps = Reached(maze, maze.Start);
            Assert.Equal(steps[maze.Goal] + 1, maze.Path.Count);
            Assert.Equal(Enumerable.Range(0, maze.Path.Count), maze.Path.Select(place => steps[place]));
            Assert.Equal((maze.Start, maze.Goal), (maze.Path[0], maze.Path[^1]));
            Assert.All(maze.Path.Zip(maze.Path.Skip(1)), pair => Assert.Equal(1, Math.Abs(pair.First.Row - pair.Second.Row) + Math.Abs(pair.First.Column - pair.Second.Column)));

            (HashSet<(int, int)> left, int rounds) = Filled(maze);
            Assert.Equal(maze.Path.Order(), left.Order());
            Assert.Equal(rounds, maze.LongestDeadEnd);
        }
    }

    [Fact]
    public void Start_goal_and_openings_are_drawn_evenly()
    {
        const int Draws = 4000;
        Dictionary<(int, int), int> starts = [], goals = [];
        int across = 0;
        for (int index = 0; index < Draws; index++)
        {
            Maze maze = Drawn(5, index);
            starts[maze.Start] = starts.GetValueOrDefault(maze.Start) + 1;
            goals[maze.Goal] = goals.GetValueOrDefault(maze.Goal) + 1;
            across += maze.IsOpen(1, 2) ? 1 : 0;
        }

        // Four cells: five standard deviations of a count are 5 sqrt(4000 / 4 * 3 / 4) = 137. Of four openings one is closed.
        Assert.Equal((4, 4), (starts.Count, goals.Count));
        Assert.All(starts.Values.Concat(goals.Values), times => Assert.InRange(times, 1000 - 137, 1000 + 137));
        Assert.InRange(across, 3000 - 137, 3000 + 137);
    }

    [Fact]
    public void A_drawing_may_have_loops_an_open_border_and_no_way()
    {
        Maze ring = Of("...", ".#.", "...");
        Assert.Equal((3, 0, 5), (ring.Side, ring.LongestDeadEnd, ring.Path.Count));
        Assert.Equal(((0, 0), (2, 2)), (ring.Path[0], ring.Path[^1]));
        Maze cut = Of("..#", "###", "#..");
        Assert.Empty(cut.Path);
        Assert.Equal(1, cut.LongestDeadEnd);
        Maze spur = Of("....#", "###.#", "....#", ".###.", ".....");
        Assert.Equal((1, 15), (spur.LongestDeadEnd, spur.Path.Count));
        Assert.False(ring.IsOpen(-1, 0) || ring.IsOpen(0, 3));
    }

    [Fact]
    public void A_maze_does_not_follow_the_grid_it_was_made_from()
    {
        bool[,] grid = { { true, true }, { true, false } };
        Maze maze = new(grid, (0, 0), (0, 1));
        grid[0, 1] = false;
        Assert.True(maze.IsOpen(0, 1));
    }

    [Fact]
    public void What_is_no_maze_is_refused_with_what_was_given()
    {
        Refused(() => new Maze(new bool[3, 4], (0, 0), (0, 1)), "A maze is square. Given: 3 rows of 4; add walls to the shorter side.");
        Refused(() => new Maze(new bool[3, 3], (1, 1), (0, 1)), "The start must be an open pixel of the 3 x 3. Given: row 1, column 1.");
        bool[,] one = new bool[3, 3];
        one[1, 1] = true;
        Refused(() => new Maze(one, (1, 1), (0, 3)), "The goal must be an open pixel of the 3 x 3. Given: row 0, column 3.");
        Refused(() => new Maze(one, (1, 1), (1, 1)), "Start and goal are two pixels. Given: both at row 1, column 1.");
        foreach (int side in new[] { 3, 8, -5 })
        {
            Refused(() => Drawn(side, 0), "A maze has an odd number of pixels a side, at least 5.");
            Refused(() => new Mazes(side, 10), "A maze has an odd number of pixels a side, at least 5.");
        }

        static void Refused(Func<object> made, string message) =>
            Assert.StartsWith(message, Assert.ThrowsAny<ArgumentException>(made).Message, StringComparison.Ordinal);
    }

    private static Maze Drawn(int side, int index) => Maze.Draw(side, new RandomNumbers(seed: 1, part: 0, index));

    /// <summary>From the top left to the bottom right.</summary>
    private static Maze Of(params string[] rows)
    {
        bool[,] isOpen = new bool[rows.Length, rows.Length];
        for (int pixel = 0; pixel < rows.Length * rows.Length; pixel++)
        {
            isOpen[pixel / rows.Length, pixel % rows.Length] = rows[pixel / rows.Length][pixel % rows.Length] == '.';
        }

        return new Maze(isOpen, (0, 0), (rows.Length - 1, rows.Length - 1));
    }

    private static IEnumerable<(int, int)> Around((int Row, int Column) place) =>
        [(place.Row - 1, place.Column), (place.Row + 1, place.Column), (place.Row, place.Column - 1), (place.Row, place.Column + 1)];

    /// <summary>The steps from a place to all that can be reached, by spreading out.</summary>
    private static Dictionary<(int, int), int> Reached(Maze maze, (int Row, int Column) from)
    {
        Dictionary<(int, int), int> steps = new() { [from] = 0 };
        List<(int, int)> front = [from];
        for (int far = 1; front.Count > 0; far++)
        {
            front = [.. front.SelectMany(Around).Where(place => maze.IsOpen(place.Item1, place.Item2) && steps.TryAdd(place, far))];
        }

        return steps;
    }

    private static (HashSet<(int, int)> Left, int Rounds) Filled(Maze maze)
    {
        HashSet<(int, int)> open = [.. Reached(maze, maze.Start).Keys];
        for (int rounds = 0; ; rounds++)
        {
            (int, int)[] ends = [.. open.Where(place => place != maze.Start && place != maze.Goal && Around(place).Count(open.Contains) <= 1)];
            if (ends.Length == 0)
            {
                return (open, rounds);
            }

            open.ExceptWith(ends);
        }
    }
}
