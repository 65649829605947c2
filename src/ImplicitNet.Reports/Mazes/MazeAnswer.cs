using ImplicitNet.Training.Data;

namespace ImplicitNet.Reports.Mazes;

/// <summary>
/// What a network's answer is worth, by looking at the maze: whether its pixels lead from start to goal, and whether others are among them.
/// </summary>
internal sealed class MazeAnswer
{
    private const double Least = 0.5;

    private readonly HashSet<(int Row, int Column)> _pixels = [];

    /// <summary>Looks at an answer.</summary>
    /// <param name="maze">The maze.</param>
    /// <param name="shares">As in <see cref="MazeFrame"/>, one a pixel.</param>
    public MazeAnswer(Maze maze, IReadOnlyList<double> shares)
    {
        bool[,] isOn = new bool[maze.Side, maze.Side];
        for (int place = 0; place < shares.Count; place++)
        {
            (int row, int column) = Math.DivRem(place, maze.Side);
            if (maze.IsOpen(row, column))
            {
                isOn[row, column] = shares[place] > Least && _pixels.Add((row, column));
                LeastProbability = Math.Min(LeastProbability, Math.Max(shares[place], 1 - shares[place]));
            }
        }

        bool hasEnds = isOn[maze.Start.Row, maze.Start.Column] && isOn[maze.Goal.Row, maze.Goal.Column];
        Way = hasEnds ? new Maze(isOn, maze.Start, maze.Goal).Path : [];
        Loops = CountLoops(maze);
    }

    /// <summary>
    /// Of the open pixel that the network is the least sure of, the probability of what it answered there: 0.5 to 1. NaN where one is NaN.
    /// </summary>
    public double LeastProbability { get; } = 1;

    /// <summary>Pixels answered as on the path.</summary>
    public int Pixels => _pixels.Count;

    /// <summary>The shortest way from start to goal over such pixels, both included; empty where there is none.</summary>
    public IReadOnlyList<(int Row, int Column)> Way { get; }

    /// <summary>Whether they lead from start to goal.</summary>
    public bool IsConnected => Way.Count > 0;

    /// <summary>Whether they are a way from start to goal and nothing else.</summary>
    public bool IsPath => IsConnected && Pixels == Way.Count;

    /// <summary>
    /// Loops of the maze where the start is: the openings that could be closed with every pixel still being reached. With none, there is
    /// one way from start to goal at most.
    /// </summary>
    public int Loops { get; }

    /// <summary>Whether another answer to the same maze is the same pixel by pixel.</summary>
    public bool IsLike(MazeAnswer other) => _pixels.SetEquals(other._pixels);

    /// <summary>Of a connected graph: edges less the nodes, and 1.</summary>
    private static int CountLoops(Maze maze)
    {
        HashSet<(int Row, int Column)> seen = [maze.Start];
        Stack<(int Row, int Column)> waiting = new(seen);
        int ends = 0;
        while (waiting.TryPop(out (int Row, int Column) here))
        {
            (int, int)[] sides =
                [(here.Row - 1, here.Column), (here.Row + 1, here.Column), (here.Row, here.Column - 1), (here.Row, here.Column + 1)];
            foreach ((int row, int column) in sides.Where(side => maze.IsOpen(side.Item1, side.Item2)))
            {
                ends++;
                if (seen.Add((row, column)))
                {
                    waiting.Push((row, column));
                }
            }
        }

        return (ends / 2) - seen.Count + 1;
    }
}
