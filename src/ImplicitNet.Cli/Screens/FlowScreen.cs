using System.Globalization;
using ImplicitNet.Training;
using ImplicitNet.Training.History;
using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>Shows the training of a network with a flow: a line for every epoch with what its flows cost, and a bar.</summary>
internal sealed class FlowScreen(Terminal terminal, Bar bar, bool hasAccuracy, CancellationToken cancellation) : IProgress<TrainingEvent>
{
    private bool _isTold;

    /// <summary>Writes the names of the columns.</summary>
    public void Head()
    {
        terminal.Tell();
        terminal.Tell($"[grey]  epoch      loss{(hasAccuracy ? "  accuracy" : "")}   val loss{(hasAccuracy ? "   val acc" : "")}"
            + "   evaluations   a sample     time[/]");
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
                bar.Show((double)step.Step / step.Steps, () => $"epoch {step.Epoch}  loss {Display.Number(step.Loss, "0.0000")}");
                break;
            case TrainingEvent.EpochFinished epoch:
                terminal.Tell(Line(epoch));
                break;
            case TrainingEvent.Notice notice:
                terminal.Tell($"[yellow]{Markup.Escape(notice.Message)}[/]");
                break;
        }
    }

    private string Line(TrainingEvent.EpochFinished finished)
    {
        EpochRecord record = finished.Record;
        long samples = finished.Solver.Samples;
        string line = Cell($"  {record.Epoch,5}") + $"  {Display.Loss(record.TrainLoss),8}" + Share(record.TrainAccuracy)
            + $"   {Display.Loss(record.ValidationLoss),8}" + Share(record.ValidationAccuracy)
            + Cell($"  {record.Evaluations,12:N0}   {(double)(record.Evaluations ?? 0) / Math.Max(1, samples),8:0.0}")
            + $"  {Display.Seconds(record.Seconds ?? 0),7}";
        string failed = record.SolverFailures is > 0 and { } count
            ? $"  [yellow]{Display.Percent((double)count / Math.Max(1, samples))} of the flows failed[/]"
            : "";
        return (finished.IsBest ? $"{line}  [green]best[/]" : line) + failed;
    }

    private string Share(double? accuracy) => hasAccuracy ? Cell($"  {100 * accuracy,6:0.00} %") : "";

    private static string Cell(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
