using System.Diagnostics;
using ImplicitNet.Cli.Images;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Reports.Mazes;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Cli.Commands;

/// <summary>predict with a model that solves mazes: reads drawings, solves them, says what the answer is worth, and draws it.</summary>
internal sealed class PredictMazes(Terminal terminal, CancellationToken cancellation)
{
    private static readonly string[] Endings = [".png", ".svg", ".gif"];

    /// <summary>Solves what is drawn in some files.</summary>
    /// <param name="folder">The model's, for messages.</param>
    /// <param name="config">The model's.</param>
    /// <param name="network">The model, in evaluation mode, with the settings asked for.</param>
    /// <param name="paths">The pictures.</param>
    /// <param name="starts">Where solves start; null for the operator's own start.</param>
    /// <param name="maxSteps">The step limit asked for; null for what a maze of its size may take.</param>
    /// <param name="output">Where the one maze is drawn; null for nowhere.</param>
    /// <exception cref="CommandException">The model takes no mazes, or the output is none.</exception>
    public MazeResult Run(
        string folder, ModelConfig config, ImplicitNetwork network, IReadOnlyList<string> paths, SeveralStarts? starts, int? maxSteps,
        string? output)
    {
        if (config.Network is not GridSolverOptions { Dimensions: 2, InputChannels: 3, Classes: 2 })
        {
            throw new CommandException($"{folder}: the model was trained on {config.Data}; predict reads pictures.");
        }

        if (output is not null)
        {
            EnsureDrawable(output, paths);
        }

        long begin = Stopwatch.GetTimestamp();
        List<MazeResult.Maze> mazes = [];
        foreach (string path in paths)
        {
            mazes.Add(Solve(
                network, path, starts, side => maxSteps ?? GridKind.StepLimit(config, new GridData(GridTask.Mazes, side)), output));
            MazeScreen.Show(terminal, mazes[^1], starts?.Count ?? 1, paths.Count > 1);
        }

        return new MazeResult
        {
            Model = folder,
            Mazes = mazes,
            Seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds,
            Starts = starts?.Count ?? 1,
        };
    }

    private static void EnsureDrawable(string output, IReadOnlyList<string> paths)
    {
        if (!Endings.Contains(Path.GetExtension(output).ToLowerInvariant()))
        {
            throw new CommandException(
                $"--output {output}: a name that ends in {string.Join(", ", Endings)} was expected.", ExitCodes.Usage);
        }

        if (paths.Count > 1)
        {
            throw new CommandException($"--output {output} is for one picture; {paths.Count} are named.", ExitCodes.Usage);
        }

        if (Path.GetFullPath(output) == Path.GetFullPath(paths[0]))
        {
            throw new CommandException($"--output {output} is the picture that is read; name another file.", ExitCodes.Usage);
        }

        // Before the solve, which may take its time.
        OutputFolder.EnsureThereFor(output);
    }

    private MazeResult.Maze Solve(ImplicitNetwork network, string path, SeveralStarts? starts, Func<int, int> limit, string? output)
    {
        if (Directory.Exists(path))
        {
            return new MazeResult.Maze(path) { Error = PictureFiles.Problem(path) };
        }

        Maze maze;
        try
        {
            maze = MazeImage.Read(path);
        }
        catch (ImageFileException exception)
        {
            return new MazeResult.Maze(path) { Error = exception.Problem };
        }

        SolveSettings settings = network.Settings with
        {
            Stopping = network.Stopping with { MaxSteps = limit(maze.Side) },
        };
        MazeSolve[] solves =
        [
            .. (starts?.Points ?? [new TurnedStart(StartingPoint.Operator)])
                .Select(start => MazeSolve.Run(network, maze, settings, start, cancellation)),
        ];

        // Of answers that as many came to the earliest.
        MazeSolve best = solves.MaxBy(solve => Agreeing(solves, solve))!;
        if (output is not null)
        {
            Draw(best, output);
        }

        return new MazeResult.Maze(path)
        {
            Side = maze.Side,
            IsPath = best.Answer.IsPath,
            IsConnected = best.Answer.IsConnected,
            HasWay = maze.Path.Count > 0,
            Cells = best.Answer.Pixels,
            Way = [.. best.Answer.Way.Select(place => new[] { place.Row, place.Column })],
            Loops = best.Answer.Loops,
            Status = best.Report.Status.ToString(),
            Steps = best.Report.Steps,
            Residual = best.Report.Residual,
            AgreeingStarts = starts is null ? null : Agreeing(solves, best),
            LeastProbability = best.Answer.LeastProbability,
            Output = output,
        };
    }

    /// <summary>How many starts came to an answer, as in <see cref="StartsStudy"/>: one that is not finite agrees with nothing.</summary>
    private static int Agreeing(MazeSolve[] solves, MazeSolve one) =>
        IsFinite(one) ? solves.Count(solve => IsFinite(solve) && solve.Answer.IsLike(one.Answer)) : 0;

    private static bool IsFinite(MazeSolve solve) => solve.Report.Status != SolveStatus.NonFinite;

    private static void Draw(MazeSolve solve, string output)
    {
        if (Path.GetExtension(output).Equals(".gif", StringComparison.OrdinalIgnoreCase))
        {
            byte[] gif = solve.ToGif();
            AtomicFile.Write(output, stream => stream.Write(gif));
        }
        else
        {
            solve.ToPicture().Save(output);
        }
    }
}
