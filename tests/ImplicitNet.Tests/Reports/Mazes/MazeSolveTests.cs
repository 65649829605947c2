using ImplicitNet.Networks;
using ImplicitNet.Reports.Mazes;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Solvers.Fronts;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Tests.Reports.Mazes;

public sealed class MazeSolveTests : TensorTest
{
    [Fact]
    public void Each_moment_is_the_answer_after_so_many_steps()
    {
        using ImplicitNetwork network = DeadEndNetwork.Create();
        Maze maze = Hard(17, least: 60);
        MazeSolve solve = MazeSolve.Run(network, maze);
        Assert.Equal(maze.LongestDeadEnd + 1, solve.Report.Steps);
        Assert.Equal($"Converged after {solve.Report.Steps} steps", solve.Moments[^1].Caption);
        Assert.Equal(["after 1 step", "after 2 steps"], solve.Moments.Take(2).Select(moment => moment.Caption));
        int[] open = [.. solve.Moments.Select(moment => moment.Shares.Count(share => share > 0.5))];
        Assert.Equal(open.OrderDescending(), open);
        Assert.Equal(maze.Path.Count, open[^1]);
        Assert.Equal(maze.Path.Order(), Enumerable.Range(0, 289).Where(i => solve.Moments[^1].Shares[i] > 0.5).Select(i => (i / 17, i % 17)));
        Assert.Equal(["after 1 step", "after 5 steps", "after 10 steps", "after 20 steps", "after 50 steps", solve.Moments[^1].Caption], solve.Milestones.Select(moment => moment.Caption));
        Assert.StartsWith("A maze of 17 x 17, Converged after", solve.Words, StringComparison.Ordinal);
        Assert.EndsWith($"The answer is a way from start to goal, {maze.Path.Count} pixels long.", solve.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_answered_of_a_turned_maze_is_turned_back()
    {
        using ImplicitNetwork network = DeadEndNetwork.Create();
        Maze maze = Hard(17, least: 60);
        MazeSolve own = MazeSolve.Run(network, maze);
        foreach (SquareSymmetry symmetry in SquareSymmetry.All)
        {
            MazeSolve turned = MazeSolve.Run(network, maze, start: new(StartingPoint.Operator, symmetry));
            Assert.True(turned.Answer.IsPath);
            Assert.Equal(own.Moments.SelectMany(moment => moment.Shares), turned.Moments.SelectMany(moment => moment.Shares));
        }
    }

    [Fact]
    public void The_least_sure_pixel_is_an_open_one()
    {
        Maze maze = Of(["#####", "#S..#", "#.#.#", "#..G#", "#####"]);
        double[] shares = new double[25];
        shares[6] = 0.9;
        shares[0] = 0.5;
        Assert.Equal(0.9, new MazeAnswer(maze, shares).LeastProbability);
        shares[7] = 0.25;
        Assert.Equal(0.75, new MazeAnswer(maze, shares).LeastProbability);
        shares[8] = double.NaN;
        Assert.True(double.IsNaN(new MazeAnswer(maze, shares).LeastProbability));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 2)]
    [InlineData(6, 3)]
    [InlineData(11, 4)]
    public void A_solve_that_ends_soon_has_few_moments(int limit, int milestones)
    {
        using ImplicitNetwork network = DeadEndNetwork.Create();
        MazeSolve solve = MazeSolve.Run(network, Hard(17, least: 20), network.Settings with { Stopping = network.Stopping with { MaxSteps = limit } });
        Assert.Equal((limit, SolveStatus.MaxStepsReached), (solve.Report.Steps, solve.Report.Status));
        Assert.Equal(limit, solve.Moments.Count);
        Assert.Equal(milestones, solve.Milestones.Count);
        Assert.Contains("but", solve.Words, StringComparison.Ordinal);
        Assert.NotEmpty(solve.ToGif());
        Assert.NotEmpty(solve.ToFigure("m").ToPng());
    }

    [Fact]
    public void A_long_solve_keeps_moments_that_grow_apart_and_a_chain_the_last_one_alone()
    {
        using ImplicitNetwork network = DeadEndNetwork.Create();
        Maze maze = Hard(101, least: 500);
        MazeSolve solve = MazeSolve.Run(network, maze);
        Assert.InRange(solve.Moments.Count, 80, 140);
        Assert.Equal(6, solve.Milestones.Count);
        Assert.Equal((SolveStatus.Converged, true), (solve.Report.Status, solve.Answer.IsPath));
        Assert.Single(MazeSolve.Run(network, Hard(9, least: 1), network.Settings with { Solver = new SolverChain { Solvers = [new PicardSolver()] } }).Moments);
    }

    [Fact]
    public void An_answer_is_judged_by_where_it_leads()
    {
        Maze maze = Of(["#####", "#S..#", "#.#.#", "#..G#", "#####"]);
        MazeAnswer answer = Judge(maze, (1, 1), (1, 2), (1, 3), (2, 3), (3, 3));
        Assert.Equal((true, true, 5, 1), (answer.IsConnected, answer.IsPath, answer.Pixels, answer.Loops));
        answer = Judge(maze, (1, 1), (1, 2), (1, 3), (2, 3), (3, 3), (3, 2));
        Assert.Equal((true, false, 6), (answer.IsConnected, answer.IsPath, answer.Pixels));
        answer = Judge(maze, (1, 1), (1, 2), (2, 3), (3, 3));
        Assert.Equal((false, false), (answer.IsConnected, answer.IsPath));

        // Walls are no way, whatever is said of them, and start and goal must be among it.
        Assert.False(Judge(maze, (1, 1), (2, 2), (2, 1), (2, 3), (3, 3)).IsConnected);
        Assert.False(Judge(maze, (1, 2), (1, 3), (2, 3), (3, 3)).IsConnected);
        Assert.False(new MazeAnswer(maze, []).IsConnected);
        Assert.Equal(0, new MazeAnswer(Of(["#####", "#S.G#", "#####", "#...#", "#####"]), []).Loops);
        Assert.Equal(0, new MazeAnswer(Hard(33, least: 1), []).Loops);
        Assert.Equal(4, new MazeAnswer(Of(["S..", "...", "..G"]), []).Loops);
    }

    [Fact]
    public void A_maze_without_a_way_is_said_to_have_none()
    {
        using ImplicitNetwork network = DeadEndNetwork.Create();
        Assert.EndsWith("There is no way from start to goal.", MazeSolve.Run(network, Of(["#####", "#S..#", "#####", "#..G#", "#####"])).Words, StringComparison.Ordinal);
    }

    [Fact]
    public void Milestones_are_1_5_10_20_50_and_so_on() =>
        Assert.Equal([1, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000], Enumerable.Range(0, 4_000).Where(SolveMoments.IsMilestone));

    private static Maze Hard(int side, int least) =>
        Enumerable.Range(0, 1_000).Select(i => Maze.Draw(side, new RandomNumbers(1, 0, i))).First(maze => maze.LongestDeadEnd >= least);

    private static MazeAnswer Judge(Maze maze, params (int Row, int Column)[] path)
    {
        double[] shares = new double[maze.Side * maze.Side];
        foreach ((int row, int column) in path)
        {
            shares[(row * maze.Side) + column] = 0.9;
        }

        return new MazeAnswer(maze, shares);
    }

    private static Maze Of(string[] cells)
    {
        bool[,] isOpen = new bool[cells.Length, cells.Length];
        (int, int) start = default, goal = default;
        for (int place = 0; place < isOpen.Length; place++)
        {
            (int row, int column) = Math.DivRem(place, cells.Length);
            isOpen[row, column] = cells[row][column] != '#';
            start = cells[row][column] == 'S' ? (row, column) : start;
            goal = cells[row][column] == 'G' ? (row, column) : goal;
        }

        return new Maze(isOpen, start, goal);
    }
}
