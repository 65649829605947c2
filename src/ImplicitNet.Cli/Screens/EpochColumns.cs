using System.Globalization;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.History;

namespace ImplicitNet.Cli.Screens;

/// <summary>The columns of a training's epochs for which a terminal has room.</summary>
internal sealed class EpochColumns
{
    private const string Best = "  best";
    private const string Accuracy = "  accuracy", ValidationAccuracy = "   val acc";

    // With the blanks before them: the cells have the same widths.
    private static readonly Column[] Losses =
    [
        new("  epoch", finished => Cell($"  {finished.Record.Epoch,5}")),
        new("      loss", finished => IsTrained(finished) ? $"  {Display.Loss(finished.Record.TrainLoss),8}" : "  no sample", 3),
        new(Accuracy, finished => IsTrained(finished) ? Cell($"  {100 * finished.Record.TrainAccuracy,6:0.00} %") : " converged", 4),
        new("   val loss", finished => $"   {Display.Loss(finished.Record.ValidationLoss),8}", 5),
        new(ValidationAccuracy, finished => Cell($"  {100 * finished.Record.ValidationAccuracy,6:0.00} %")),
    ];

    private static readonly Column[] Solves =
    [
        new("   steps", finished => Cell($"  {finished.Record.SolverSteps,6:0.0}"), 2),
        new("   gamma", finished => $"  {(finished.GammaCertified is { } known ? Display.Number(known) : "-"),6}", 1),
    ];

    private static readonly Column[] Flows =
    [
        new("   evaluations", finished => Cell($"  {finished.Record.Evaluations,12:N0}"), 1),
        new(
            "   a sample",
            finished => Cell($"   {(double)(finished.Record.Evaluations ?? 0) / Math.Max(1, finished.Solver.Samples),8:0.0}"), 2),
    ];

    private static readonly Column Time = new("     time", finished => $"  {Display.Seconds(finished.Record.Seconds ?? 0),7}");

    private readonly IReadOnlyList<Column> _all;
    private readonly List<Column> _shown;
    private readonly string _what;

    /// <summary>Chooses the columns of fixed points.</summary>
    /// <param name="width">Of the terminal; null where there is none.</param>
    /// <param name="more">Further data to validate on: what a column is called, and what a record calls it.</param>
    public EpochColumns(int? width, params IReadOnlyList<(string Title, string Source)> more)
        : this(width, "solves", [.. Losses, .. more.Select(Further), .. Solves, Time])
    {
    }

    private EpochColumns(int? width, string what, IReadOnlyList<Column> all)
    {
        (_all, _shown, _what) = (all, [.. all], what);

        // What the end of the run says again goes first; the validation by which the epoch is chosen stays.
        foreach (Column least in all.Where(column => column.Leaves > 0).OrderBy(column => column.Leaves)
            .TakeWhile(_ => _shown.Sum(column => column.Title.Length) + Best.Length > width))
        {
            _shown.Remove(least);
        }
    }

    /// <summary>
    /// Steps of the training, from the first on, whose solves a schedule cuts short: that those came to their limit is no failure, and is
    /// not told of an epoch that begins among them. 0, the default, for none.
    /// </summary>
    public long CutSteps { get; init; }

    /// <summary>Chooses the columns of flows.</summary>
    /// <param name="width">Of the terminal; null where there is none.</param>
    /// <param name="hasAccuracy">Whether answers are right or wrong.</param>
    public static EpochColumns OfFlows(int? width, bool hasAccuracy) => new(width, "flows",
        [.. Losses.Where(column => hasAccuracy || column.Title is not (Accuracy or ValidationAccuracy)), .. Flows, Time]);

    /// <summary>Chooses the columns of fixed points of which no answer is right or wrong.</summary>
    /// <param name="width">Of the terminal; null where there is none.</param>
    /// <param name="score">What is measured on validation.</param>
    /// <param name="show">Its value in words.</param>
    /// <param name="cutSteps"><see cref="CutSteps"/>.</param>
    public static EpochColumns OfScore(int? width, string score, Func<double, string> show, long cutSteps)
    {
        string title = $"   val {score,4}";
        return new(width, "solves",
        [
            .. Losses.Where(column => column.Title is not (Accuracy or ValidationAccuracy)),
            new(title, finished => show(finished.Record.Scores.GetValueOrDefault($"validation {score}")).PadLeft(title.Length)),
            .. Solves, Time,
        ])
        {
            CutSteps = cutSteps,
        };
    }

    /// <summary>Writes the names of the columns; those that a narrow terminal has no room for are named below.</summary>
    public void Head(Terminal terminal)
    {
        terminal.Tell();
        terminal.Tell($"[grey]{string.Concat(_shown.Select(column => column.Title))}[/]");
        if (_shown.Count < _all.Count)
        {
            terminal.Tell($"[grey]  no room for {string.Join(", ", _all.Except(_shown).Select(column => column.Title.Trim()))}[/]");
        }
    }

    /// <summary>The line of an epoch.</summary>
    public string Line(TrainingEvent.EpochFinished finished)
    {
        EpochRecord record = finished.Record;
        string line = string.Concat(_shown.Select(column => column.Value(finished)));
        bool isCut = record.Step - (record.Step / record.Epoch) < CutSteps;
        long limited = isCut ? finished.Solver.Statuses.GetValueOrDefault(SolveStatus.MaxStepsReached) : 0;
        string how = !isCut && _what == "solves" ? "did not converge" : "failed";
        string failed = record.SolverFailures - limited is > 0 and { } count
            ? $"  [yellow]{Display.Percent((double)count / finished.Solver.Samples)} of the {_what} {how}[/]"
            : "";
        string leftOut = record.ValidationLeftOut is { } without
            ? $"  [yellow]validated without {Display.Counted(without, "sample")} whose flow failed[/]"
            : "";
        return (finished.IsBest ? $"{line}  [green]best[/]" : line) + failed + leftOut;
    }

    private static Column Further((string Title, string Source) data)
    {
        string title = $"   {data.Title,7}", score = $"{data.Source} {Training.Tasks.Measurement.Accuracy}";
        return new(title, finished => Cell($"{100 * finished.Record.Scores.GetValueOrDefault(score):0.00} %").PadLeft(title.Length));
    }

    private static bool IsTrained(TrainingEvent.EpochFinished finished) => double.IsFinite(finished.Record.TrainLoss ?? double.NaN);

    private static string Cell(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>One column.</summary>
    /// <param name="Title">Its name.</param>
    /// <param name="Value">Its cell, as wide.</param>
    /// <param name="Leaves">Where it is in the order of those that leave when there is no room; 0: it stays.</param>
    private sealed record Column(string Title, Func<TrainingEvent.EpochFinished, string> Value, int Leaves = 0);
}
