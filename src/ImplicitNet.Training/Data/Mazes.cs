using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Perfect mazes and their one path from start to goal. The longer a maze's dead ends, the more steps it takes any method that looks at
/// neighbours. Samples are drawn when they are read.
/// </summary>
/// <remarks>
/// Inputs are float32, [batch, 3, <see cref="Side"/>, side]: 1 where a pixel is open, 1 at the start, 1 at the goal, and 0 elsewhere.
/// Targets are int64, [batch, side, side]: 1 on the path. Weights are float32, [batch, side, side]: 1 where a pixel is open, since walls
/// are no question. For <see cref="Tasks.DenseClassification"/>. A maze of N x N pixels has (N - 1) / 2 cells a side; other sizes in the
/// literature count pixels of a finer drawing, so that mazes are to be compared by their cells.
/// </remarks>
public sealed class Mazes : GeneratedBatches
{
    /// <summary>Creates the source.</summary>
    /// <param name="side">Pixels a side, walls included; odd and at least 5.</param>
    /// <param name="count">Mazes in an epoch; 0 to 2^30.</param>
    /// <param name="batchSize">Mazes in a batch; at least 1. The last batch of an epoch holds what is left.</param>
    /// <param name="seed">Seed of the mazes and of their order; any value.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number lies outside its range.</exception>
    public Mazes(int side, int count, int batchSize = 64, long seed = 1)
        : base($"mazes of {side} x {side}", count, batchSize, seed)
    {
        Maze.EnsureSide(side);
        Side = side;
    }

    /// <summary>Pixels a side.</summary>
    public int Side { get; }

    /// <summary>The maze of a sample, as evaluation reads it.</summary>
    /// <param name="index">0 to count - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sample.</exception>
    public Maze this[int index] => Maze.Draw(Side, NumbersOf(index));

    /// <summary>What a model is given of mazes of one size, of any origin: [mazes, 3, side, side], float32. The caller owns it.</summary>
    /// <param name="mazes">At least one.</param>
    /// <exception cref="ArgumentException">There are none, or their sides differ.</exception>
    public static Tensor Inputs(params IReadOnlyList<Maze> mazes)
    {
        ArgumentNullException.ThrowIfNull(mazes);
        int[] sides = [.. mazes.Select(maze => maze.Side).Distinct()];
        return sides is [int side]
            ? tensor([.. mazes.SelectMany(InputOf)], [mazes.Count, 3, side, side])
            : throw new ArgumentException(
                $"At least one maze is needed, all of one side. Given: {mazes.Count} of sides [{string.Join(", ", sides)}].",
                nameof(mazes));
    }

    /// <inheritdoc/>
    protected override (Tensor Input, Tensor Target, Tensor? Weight) Generate(long number, RandomNumbers random)
    {
        Maze maze = Maze.Draw(Side, random);
        float[] input = InputOf(maze);
        long[] target = new long[Side * Side];
        foreach ((int row, int column) in maze.Path)
        {
            target[(row * Side) + column] = 1;
        }

        return (tensor(input, [3, Side, Side]), tensor(target, [Side, Side]), tensor(input[..target.Length], [Side, Side]));
    }

    private static float[] InputOf(Maze maze)
    {
        int side = maze.Side, pixels = side * side;
        float[] input = new float[3 * pixels];
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            input[pixel] = maze.IsOpen(pixel / side, pixel % side) ? 1 : 0;
        }

        input[pixels + (maze.Start.Row * side) + maze.Start.Column] = 1;
        input[(2 * pixels) + (maze.Goal.Row * side) + maze.Goal.Column] = 1;
        return input;
    }
}
