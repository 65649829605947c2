using System.Globalization;
using ImplicitNet.Networks;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Reports.Mazes;

/// <summary>One maze solved by a network, with what it would have answered on the way.</summary>
/// <param name="Maze">The maze.</param>
/// <param name="Solve">How it was solved; for each moment the probability of every pixel that it is on the path.</param>
internal sealed record MazeSolve(Maze Maze, SolveMoments Solve)
{
    private const int MostMilestones = 5;
    private const int Path = 1;

    /// <summary>What was answered in the end.</summary>
    public MazeAnswer Answer { get; } = new(Maze, Solve.Answers.Values[^1]);

    /// <summary>How the solve went.</summary>
    public SampleReport Report => Solve.Report;

    /// <summary>All moments, the last one included.</summary>
    public IReadOnlyList<MazeFrame> Moments => [.. Solve.Answers.Keys.Select(Frame)];

    /// <summary>Few of them, to be seen side by side: after 1, 5, 10, 20, 50, ... steps, and at the end.</summary>
    public IReadOnlyList<MazeFrame> Milestones
    {
        get
        {
            int[] steps = [.. Solve.Answers.Keys.Where(step => SolveMoments.IsMilestone(step) && step < Report.Steps)];
            int count = Math.Min(steps.Length, MostMilestones);
            return
            [
                .. Enumerable.Range(0, count).Select(i => Frame(steps[(int)Math.Round(i * (steps.Length - 1.0) / Math.Max(count - 1, 1))])),
                Frame(Report.Steps),
            ];
        }
    }

    /// <summary>What came of it, in two sentences.</summary>
    public string Words
    {
        get
        {
            int off = Answer.Pixels - Answer.Way.Count;
            string answer = Answer.IsPath ? $"The answer is a way from start to goal, {Answer.Pixels} pixels long."
                : Maze.Path.Count == 0 ? "There is no way from start to goal."
                : Answer.IsConnected ? $"The answer leads from start to goal, but {off} of its {Answer.Pixels} pixels are off that way."
                : "The answer does not lead from start to goal.";
            return $"A maze of {Maze.Side} x {Maze.Side}, {Report.Status} after {Steps(Report.Steps)}. {answer}";
        }
    }

    // Where there are several ways, what is not the one is not wrong.
    private bool MarksMistakes => Maze.Path.Count > 0 && Answer.Loops == 0 && !Answer.IsPath;

    /// <summary>Solves a maze; a failure never throws.</summary>
    /// <param name="network">In evaluation mode: from [1, 3, side, side] to logits of two classes, [1, 2, side, side].</param>
    /// <param name="maze">The maze.</param>
    /// <param name="settings">How; default: the network's own. A solver that makes no row of iterates leaves the last moment alone.</param>
    /// <param name="start">
    /// Where it starts, and how the maze is turned; default: the operator's own start, and the maze as it is. What was answered of a turned
    /// maze is turned back.
    /// </param>
    /// <param name="cancellation">Checked before every step.</param>
    public static MazeSolve Run(
        ImplicitNetwork network, Maze maze, SolveSettings? settings = null, TurnedStart? start = null,
        CancellationToken cancellation = default)
    {
        using DisposeScope scope = NewDisposeScope();
        SquareSymmetry symmetry = start?.Symmetry ?? default;
        Tensor input = symmetry.Of(Training.Data.Mazes.Inputs([maze]).to(network.parameters().FirstOrDefault()?.device ?? CPU));
        return new MazeSolve(maze, SolveMoments.Of(
            network, input, output => Shares(symmetry.Inverse.Of(output)), settings, start?.Point, cancellation));
    }

    /// <summary>The milestones side by side.</summary>
    /// <param name="title">The title.</param>
    /// <param name="width">As a file, in CSS pixels.</param>
    public MazeFigure ToFigure(string title, int width = Figure.StandardWidth) =>
        new(title, Words, Maze, Milestones) { MarksMistakes = MarksMistakes, Width = width };

    /// <summary>The last moment alone.</summary>
    public MazeFigure ToPicture() =>
        new($"A maze of {Maze.Side} x {Maze.Side}", Words, Maze, Frame(Report.Steps)) { MarksMistakes = MarksMistakes };

    /// <summary>All moments one after the other.</summary>
    public byte[] ToGif() => MazeAnimation.ToGif(Maze, Moments, marksMistakes: MarksMistakes);

    private static string Steps(int count) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} step{(count == 1 ? "" : "s")}");

    private static double[] Shares(Tensor logits)
    {
        using DisposeScope scope = NewDisposeScope();
        return [.. logits.softmax(1)[0, Path].to(ScalarType.Float64).flatten().cpu().data<double>()];
    }

    private MazeFrame Frame(int step) => new(
        step == Report.Steps ? $"{Report.Status} after {Steps(step)}" : $"after {Steps(step)}", Solve.Answers[step]);
}
