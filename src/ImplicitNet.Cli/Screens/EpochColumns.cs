using System.Globalization;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.History;

namespace ImplicitNet.Cli.Screens;

/// <summary>The columns of a training's epochs for which a terminal has room.</summary>
internal sealed class EpochColumns
{
    private const string Best = "  best";

    // With the blanks before them: the cells below have the same widths.
    private static readonly string[] Titles =
        ["  epoch", "      loss", "  accuracy", "   val loss", "   val acc", "   steps", "   gamma", "     time"];

    // Those of further data come behind the accuracy on the data that choose.
    private const int First = 5;

    // What the end of the run says again first; the validation by which the epoch is chosen stays.
    private static readonly string[] FirstLeftOut = [Titles[6], Titles[5], Titles[1], Titles[2], Titles[3]];

    private readonly IReadOnlyList<string> _scores;
    private readonly string[] _titles;
    private readonly List<string> _shown;

    /// <summary>Chooses the columns.</summary>
    /// <param name="width">Of the terminal; null where there is none.</param>
    /// <param name="more">Further data to validate on: what a column is called, and what a record calls it.</param>
    public EpochColumns(int? width, params IReadOnlyList<(string Title, string Source)> more)
    {
        _scores = [.. more.Select(each => $"{each.Source} {Training.Tasks.Measurement.Accuracy}")];
        _titles = [.. Titles[..First], .. more.Select(each => $"   {each.Title,7}"), .. Titles[First..]];
        _shown = [.. _titles];
        foreach (string least in FirstLeftOut.TakeWhile(_ => _shown.Sum(title => title.Length) + Best.Length > width))
        {
            _shown.Remove(least);
        }
    }

    /// <summary>
    /// Whether solves of the training that came to their limit are told as those that fail in another way are: not where a schedule cuts
    /// them short.
    /// </summary>
    public bool TellsLimit { get; init; } = true;

    /// <summary>Writes the names of the columns; those that a narrow terminal has no room for are named below.</summary>
    public void Head(Terminal terminal)
    {
        terminal.Tell();
        terminal.Tell($"[grey]{string.Concat(_shown)}[/]");
        if (_shown.Count < _titles.Length)
        {
            terminal.Tell($"[grey]  no room for {string.Join(", ", _titles.Except(_shown).Select(title => title.Trim()))}[/]");
        }
    }

    /// <summary>The line of an epoch.</summary>
    public string Line(TrainingEvent.EpochFinished finished)
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
            .. _scores.Select((score, place) => Share(record.Scores.GetValueOrDefault(score)).PadLeft(_titles[First + place].Length)),
            Cell($"  {record.SolverSteps,6:0.0}"),
            $"  {(finished.GammaCertified is { } certified ? Display.Number(certified) : "-"),6}",
            $"  {Display.Seconds(record.Seconds ?? 0),7}",
        ];
        string line = string.Concat(cells.Where((_, place) => _shown.Contains(_titles[place])));
        long limited = TellsLimit ? 0 : finished.Solver.Statuses.GetValueOrDefault(SolveStatus.MaxStepsReached);
        string how = TellsLimit ? "did not converge" : "failed";
        string failed = record.SolverFailures - limited is > 0 and { } count
            ? $"  [yellow]{Display.Percent((double)count / finished.Solver.Samples)} of the solves {how}[/]"
            : "";
        return (finished.IsBest ? $"{line}  [green]best[/]" : line) + failed;
    }

    private static string Cell(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Share(double share) => Cell($"{100 * share:0.00} %");
}
