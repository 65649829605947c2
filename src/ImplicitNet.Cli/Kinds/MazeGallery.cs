using System.Globalization;
using ImplicitNet.Files;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Mazes;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What is drawn of a maze solver after its training: a maze being solved, and what more steps do.</summary>
/// <param name="network">In evaluation mode.</param>
/// <param name="side">Of the mazes that it was trained on; at most <see cref="LargestSide"/>.</param>
/// <param name="limit">The steps that a solve of a side may take; here it takes 2,000 at most.</param>
/// <param name="cancellation">Ends it.</param>
internal sealed class MazeGallery(ImplicitNetwork network, int side, Func<int, int> limit, CancellationToken cancellation)
{
    /// <summary>Above it nothing is drawn: a solve of a larger maze takes minutes by a network that has not learned.</summary>
    public const int LargestSide = 61;

    private const string Picture = "maze.png";
    private const string Animation = "maze.gif";

    private const int BroadWidth = 1120;

    // So that it takes seconds: the work of a maze grows as the third power of its side at least.
    private const int MostMazes = 100;
    private const int Work = 120_000;
    private const int MostSide = 33;
    private const int MostSteps = 500;
    private const int MostStepsOfSolve = 2_000;
    private const long Seed = 1;

    private readonly DenseClassification _task = new();

    /// <summary>Twice as many cells a side: no maze of the training is as large.</summary>
    private int LargerSide => (2 * side) - 1;

    /// <summary>Draws into a run's folder.</summary>
    /// <returns>The two files, and the sections of the page.</returns>
    public RunPictures Draw(RunFolder folder)
    {
        (Mazes own, StepStudy study) = Solve(side);
        MazeSolve solve = Longest(own, study);
        MazeFigure figure = solve.ToFigure($"A maze of {Name(side)} being solved", BroadWidth);
        byte[] gif = solve.ToGif();
        figure.Save(folder.At(Picture));
        AtomicFile.Write(folder.At(Animation), stream => stream.Write(gif));
        List<(string, StepStudy)> sizes = [(Name(side), study)];
        List<ReportSection> sections =
        [
            new() { Heading = "A maze being solved", Text = Which(study, side), Charts = [figure], Animation = new(gif, solve.Words) },
        ];
        if (LargerSide <= MostSide)
        {
            (Mazes large, StepStudy further) = Solve(LargerSide);
            sizes.Add((Name(LargerSide), further));
            MazeFigure larger =
                Longest(large, further).ToFigure($"A maze of {Name(LargerSide)}, larger than those of the training", BroadWidth);
            sections.Add(new() { Heading = "A larger maze", Text = Which(further, LargerSide), Charts = [larger] });
        }

        int[] deadEnds = [.. Enumerable.Range(0, own.Count).Select(i => own[i].LongestDeadEnd)];
        sections.Add(new()
        {
            Heading = "Steps and mazes",
            Text = "A solve takes as many steps as a maze needs: depth that is chosen after the training, maze by maze.",
            Charts =
            [
                StepAccuracyChart.Create("Accuracy over solver steps", sizes),
                DifficultyChart.Create(
                    $"Solver steps over the longest dead end, {Name(side)}", "Longest dead end (pixels)", deadEnds, study),
            ],
        });
        return new RunPictures([(Picture, "a maze being solved"), (Animation, "the same, step by step")], sections);
    }

    private static string Name(int size) => string.Create(CultureInfo.InvariantCulture, $"{size} x {size}");

    private string Which(StepStudy study, int size)
    {
        int right = study.Samples.Count(sample => sample.IsRight);
        string within = limit(size) > MostStepsOfSolve ? ", in 2,000 steps at most" : "";
        string all = string.Create(
            CultureInfo.InvariantCulture,
            $"Of {study.Samples.Count} test mazes of {Name(size)}, {right} are answered wholly right{within}");
        return right > 0 ? $"{all}; this is the one of them with the longest path." : $"{all}; this is the one with the longest path.";
    }

    private SolveSettings Limited(int size) => network.Settings with
    {
        Stopping = network.Stopping with { MaxSteps = Math.Min(limit(size), MostStepsOfSolve) },
    };

    private (Mazes Mazes, StepStudy Study) Solve(int size)
    {
        int count = Math.Clamp(Work / (size * size * size), 1, MostMazes);
        Mazes mazes = new(size, count, count, Seed) { Part = DataPart.Test };
        int[] steps = [.. Enumerable.Range(1, MostSteps).Where(step => step == 2 || SolveMoments.IsMilestone(step))];
        return (mazes, StepEvaluator.Evaluate(network, _task, mazes, steps, Limited(size), cancellation: cancellation));
    }

    /// <summary>Of those that are answered rightly, if they can be, by a solve that converged, the one with the longest path.</summary>
    private MazeSolve Longest(Mazes mazes, StepStudy study)
    {
        int place = Enumerable.Range(0, mazes.Count).MaxBy(
            i => (study.Samples[i].IsRight, study.Samples[i].Status == SolveStatus.Converged, mazes[i].Path.Count));
        return MazeSolve.Run(network, mazes[place], Limited(mazes.Side), cancellation: cancellation);
    }
}
