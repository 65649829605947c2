using System.Diagnostics;
using System.Globalization;
using ImplicitNet.Training;
using ImplicitNet.Training.History;

namespace ImplicitNet.Cli.Screens;

/// <summary>Shows a training run: a line for every epoch, and a bar for where it stands.</summary>
internal sealed class TrainingScreen(Terminal terminal, Bar bar, int batchSize, CancellationToken cancellation) : IProgress<TrainingEvent>
{
    private const string Best = "  best";

    // With the blanks before them: the cells below have the same widths.
    private static readonly string[] Titles =
        ["  epoch", "      loss", "  accuracy", "   val loss", "   val acc", "   steps", "   gamma", "     time"];

    // What the end of the run says again first; the validation by which the epoch is chosen stays.
    private static readonly int[] FirstLeftOut = [6, 5, 1, 2, 3];

    private readonly List<int> _columns = ColumnsWithin(terminal.Width);
    private readonly long _begin = Stopwatch.GetTimestamp();
    private long? _firstStep;
    private bool _isTold;

    /// <summary>Writes the names of the columns; those that a narrow terminal has no room for are left out, and named.</summary>
    public static void Head(Terminal terminal)
    {
        List<int> columns = ColumnsWithin(terminal.Width);
        terminal.Tell();
        terminal.Tell($"[grey]{string.Concat(columns.Select(column => Titles[column]))}[/]");
        if (columns.Count < Titles.Length)
        {
            IEnumerable<string> missing = Titles.Index().Where(title => !columns.Contains(title.Index)).Select(title => title.Item.Trim());
            terminal.Tell($"[grey]  no room for {string.Join(", ", missing)}[/]");
        }
    }

    public void Report(TrainingEvent value)
    {
        if (cancellation.IsCancellationRequested && !_isTold)
        {
            _isTold = true;
            terminal.Tell("[yellow]Stopping with a checkpoint; a second Ctrl-C ends at once.[/]");
        }

        switch (value)
        {
            case TrainingEvent.StepFinished step:
                _firstStep ??= step.Step - 1;
                bar.Show((double)step.Step / step.Steps, () => Step(step));
                break;
            case TrainingEvent.GradientChanged changed:
                terminal.Tell(string.Create(
                    CultureInfo.InvariantCulture,
                    $"[yellow]  step {changed.Change.Step}: cosine {changed.Change.Cosine:0.000}; "
                    + $"on with {changed.Gradient.GetType().Name}[/]"));
                break;
            case TrainingEvent.EpochFinished epoch:
                terminal.Tell(Epoch(epoch, _columns));
                break;
        }
    }

    private static string Epoch(TrainingEvent.EpochFinished finished, List<int> columns)
    {
        EpochRecord record = finished.Record;
        bool isTrained = double.IsFinite(record.TrainLoss ?? double.NaN);
        string[] cells =
        [
            Cell($"  {record.Epoch,5}"),
            isTrained ? $"  {Display.Loss(record.TrainLoss),8}" : "  no sample",
            isTrained ? Cell($"  {100 * record.TrainAccuracy,6:0.00} %") : " converged",
            $"   {Display.Loss(record.ValidationLoss),8}",
            Cell($"  {100 * record.ValidationAccuracy,6:0.00} %"),
            Cell($"  {record.SolverSteps,6:0.0}"),
            $"  {(finished.GammaCertified is { } certified ? Display.Number(certified) : "-"),6}",
            $"  {Display.Seconds(record.Seconds ?? 0),7}",
        ];
        string line = string.Concat(columns.Select(column => cells[column]));
        string failed = record.SolverFailures is > 0 and { } count
            ? $"  [yellow]{Display.Percent((double)count / finished.Solver.Samples)} of the solves did not converge[/]"
            : "";
        return (finished.IsBest ? $"{line}  [green]best[/]" : line) + failed;
    }

    private static string Cell(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>The columns for which a terminal has room, the mark of the best epoch included.</summary>
    private static List<int> ColumnsWithin(int? width)
    {
        List<int> columns = [.. Titles.Index().Select(title => title.Index)];
        foreach (int least in FirstLeftOut.TakeWhile(_ => columns.Sum(column => Titles[column].Length) + Best.Length > width))
        {
            columns.Remove(least);
        }

        return columns;
    }

    private string Step(TrainingEvent.StepFinished step)
    {
        double rate = (step.Step - _firstStep!.Value) * batchSize / Math.Max(1e-9, Stopwatch.GetElapsedTime(_begin).TotalSeconds);
        string loss = double.IsNaN(step.Loss) ? "no sample converged" : Display.Number(step.Loss, "0.000");
        string accuracy = double.IsNaN(step.Accuracy) ? "-" : $"{Display.Number(100 * step.Accuracy, "0.0")} %";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {step.Epoch}  loss {loss}  accuracy {accuracy}  {step.SolverSteps:0.0} steps  {rate:0} images/s");
    }
}
